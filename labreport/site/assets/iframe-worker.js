// The search is set up when somebody searches, not when a page is opened: that takes a slow machine a second.
const searched = new Promise((resolve) => {
  if (/[?&][hq]=/.test(location.search)) resolve();
  else addEventListener("focusin", (event) => {
    if (event.target.matches("[data-md-component=search-query]")) resolve();
  });
});

// A browser starts no Worker from file://. Opened from a folder, the search runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      const script = document.createElement("script");
      script.src = url;
      frame.hidden = true;
      frame.srcdoc = script.outerHTML;
      frame.addEventListener("load", () => {
        this.scope = frame.contentWindow;
        // What the script posts is meant for the page, not for its own window.
        this.scope.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      }, { once: true });
      searched.then(() => document.body.append(frame));
    }

    postMessage(data) {
      if (this.scope) this.scope.dispatchEvent(new MessageEvent("message", { data }));
      else this.waiting.push(data);
    }

    terminate() {
      this.scope = undefined;
    }
  };
}
