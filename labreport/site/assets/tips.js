// The tip of a value or a claim stands above or below its sentence, and Escape closes it.
// The browser closes a claim's, which its button opens. A value's opens on hover and on focus.
(() => {
  if (!HTMLElement.prototype.showPopover) return; // then style sheets alone show a value's tip
  const BLOCK = "p, li, td, th, dt, dd, caption, figcaption, summary, h1, h2, h3, h4, h5, h6";
  const INSIDE = "p, ul, ol, dl, pre, div, figure, details, table";
  const GAP = 4, ROOM = 160, LEAVE = 300, WIDEST = 640;
  let leaving;

  const tipOf = (fact) => fact.querySelector(":scope > .ev-tip");
  const isOpen = (tip) => tip.matches(":popover-open");

  // Where the sentence stands: its block up to what the block holds, or the claim alone where that is too high.
  function place(owner) {
    const block = owner.closest(BLOCK) || owner;
    const { top, bottom, left } = block.getBoundingClientRect();
    const inner = [...block.children].find((child) => child.matches(INSIDE)
      && owner.compareDocumentPosition(child) & Node.DOCUMENT_POSITION_FOLLOWING);
    const box = { top, bottom: inner ? inner.getBoundingClientRect().top : bottom, left };
    const claim = owner.closest(".ev-claim");
    return claim && Math.max(box.top, innerHeight - box.bottom) < ROOM ? claim.getBoundingClientRect() : box;
  }

  function move(tip) {
    const box = place(tip.parentElement);
    const above = box.top - 2 * GAP, below = innerHeight - box.bottom - 2 * GAP;
    const goesBelow = below >= ROOM || below >= above;
    const width = Math.min(WIDEST, innerWidth * 0.88);
    Object.assign(tip.style, {
      inset: "auto",
      left: `${Math.max(GAP, Math.min(box.left, innerWidth - width - 3 * GAP))}px`,
      top: goesBelow ? `${box.bottom + GAP}px` : "auto",
      bottom: goesBelow ? "auto" : `${innerHeight - box.top + GAP}px`,
      margin: "0",
      maxHeight: `${Math.max(0, goesBelow ? below : above)}px`,
    });
  }

  function open(fact) {
    clearTimeout(leaving);
    const tip = tipOf(fact);
    closeAll(tip);
    tip.popover = "manual";
    if (!isOpen(tip)) tip.showPopover();
  }

  function closeAll(except) {
    for (const tip of document.querySelectorAll(".ev-fact > .ev-tip:popover-open")) {
      if (tip !== except) tip.hidePopover();
    }
  }

  const factAt = (event) => event.target instanceof Element && event.target.closest(".ev-fact");
  const on = (name, listener, options) => document.addEventListener(name, listener, options);

  on("pointerover", (event) => factAt(event) && open(factAt(event)));
  on("pointerout", (event) => {
    clearTimeout(leaving);
    if (factAt(event)) leaving = setTimeout(() => factAt(event).contains(document.activeElement) || closeAll(), LEAVE);
  });
  on("focusin", (event) => (factAt(event) ? open(factAt(event)) : closeAll()));
  on("focusout", (event) => event.relatedTarget || closeAll());
  on("keydown", (event) => event.key === "Escape" && closeAll());
  on("beforetoggle", (event) => event.target.matches(".ev-tip") && event.newState === "open" && move(event.target), true);
  on("scroll", () => document.querySelectorAll(".ev-tip:popover-open").forEach(move), { capture: true, passive: true });
})();
