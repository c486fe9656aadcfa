// Links to lines of evidence: #isolation-dmesg-L3-L7 shows these lines, and selected lines offer such a link.
// The elements of a block stay as they are: the browser highlights a range of its text.
{
  const LINES = "code[data-lines]";
  const FOLDED = "details, .tabbed-block";

  const ends = (part) => part.dataset.lines.split(":").map(Number);

  // Where a line begins in the text of a part of a block; its end, if the line comes after its last.
  const offsetOf = (part, line) => {
    const text = part.textContent;
    let at = 0;
    for (let number = ends(part)[0]; number < line; number += 1) {
      at = text.indexOf("\n", at) + 1;
      if (!at) return text.length;
    }
    return at;
  };

  // The text node at an offset of a part: a search marks words, which splits the text.
  const pointAt = (part, offset) => {
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    let left = offset;
    let node = texts.nextNode();
    while (left > node.length) {
      left -= node.length;
      node = texts.nextNode();
    }
    return [node, left];
  };

  const lineAt = (node, offset) => {
    const part = node.parentElement?.closest(LINES);
    if (!part) return null;
    const before = new Range();
    before.setStart(part, 0);
    before.setEnd(node, offset);
    return Math.min(ends(part)[0] + before.toString().split("\n").length - 1, ends(part)[1]);
  };

  const tabOf = (block) => {
    const number = [...block.parentElement.children].indexOf(block);
    return block.closest(".tabbed-set").querySelectorAll(":scope > input")[number];
  };

  const unfold = (element) => {
    for (let at = element.closest(FOLDED); at; at = at.parentElement.closest(FOLDED)) {
      if (at.matches("details")) at.open = true;
      else tabOf(at)?.click();
    }
  };

  // The range of the lines from start to end that a part has.
  const rangeIn = (part, start, end) => {
    const range = new Range();
    range.setStart(...pointAt(part, offsetOf(part, start)));
    range.setEnd(...pointAt(part, offsetOf(part, end + 1)));
    return range;
  };

  const showLines = () => {
    globalThis.CSS?.highlights?.delete("ev-lines");
    const [, id, start, end = start] = /^#(.+?)-L(\d+)(?:-L(\d+))?$/.exec(location.hash) ?? [];
    const all = id ? document.getElementById(id)?.querySelectorAll(LINES) : null;
    const parts = [...(all ?? [])].filter((part) => ends(part)[1] >= start && ends(part)[0] <= end);
    if (!parts.length) return;
    parts.forEach(unfold);
    const ranges = parts.map((part) => rangeIn(part, Number(start), Number(end)));
    if (globalThis.Highlight) CSS.highlights.set("ev-lines", new Highlight(...ranges));
    scrollTo({ top: scrollY + ranges[0].getBoundingClientRect().top - innerHeight / 4 });
  };

  const offerLink = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
    const block = startContainer.parentElement?.closest(".ev[id]");
    const [start, end] = [lineAt(startContainer, startOffset), lineAt(endContainer, endOffset)];
    document.querySelector(".ev-to-lines")?.remove();
    if (!block?.contains(endContainer) || start === null || end === null) return;
    const link = document.createElement("a");
    link.className = "ev-to-lines";
    link.href = start === end ? `#${block.id}-L${start}` : `#${block.id}-L${start}-L${end}`;
    link.textContent = start === end ? `line ${start}` : `lines ${start}–${end}`;
    block.querySelector(".ev-links")?.prepend(link);
  };

  addEventListener("hashchange", showLines);
  addEventListener("load", showLines);
  document.addEventListener("selectionchange", offerLink);
}
