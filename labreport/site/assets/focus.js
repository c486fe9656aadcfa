// What can be reached by keyboard: what scrolls can be scrolled, and a heading's own link is no stop of its own.
// Material's script wraps tables and adds buttons when it likes, so this watches what is added.
(() => {
  const SCROLLS = ".md-typeset__scrollwrap, .tabbed-labels, .ev-difference, .ev-picture";
  const scrolls = (element) => element.scrollWidth > element.clientWidth;

  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const element = target.closest(SCROLLS);
      if (!element) continue;
      if (scrolls(element)) element.tabIndex = 0;
      else element.removeAttribute("tabindex");
    }
  });

  function mend(root) {
    const all = (selector) => [...(root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];
    for (const link of all(".headerlink")) link.tabIndex = -1; // the table of contents leads there, too
    for (const nav of all(".md-code__nav")) nav.setAttribute("role", "none"); // buttons, no landmark
    for (const element of all(SCROLLS)) {
      watcher.observe(element);
      for (const child of element.children) watcher.observe(child);
    }
  }

  mend(document.body);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node instanceof Element) mend(node);
    }
  }).observe(document.body, { childList: true, subtree: true });
})();
