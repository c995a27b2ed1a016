(() => {
  // What is shown is the book of this fingerprint.
  const book = document.currentScript.dataset.book;
  // There from the start: a screen reader announces what is put into it.
  const banner = document.createElement("div");
  banner.setAttribute("role", "alert");
  banner.style.cssText = "position:fixed;inset:auto 0 0 0;z-index:1000;font-size:1rem";
  document.body.append(banner);

  const show = (message) => {
    const text = document.createElement("pre");
    text.textContent = `The book could not be built. This is the last good one.\n\n${message}`;
    // The keyboard can scroll it.
    text.tabIndex = 0;
    text.style.cssText =
      "margin:0;padding:1em;max-height:40vh;overflow:auto;white-space:pre-wrap;" +
      "color:#fff;background:#8b0000";
    banner.replaceChildren(text);
  };

  // Each event is the whole state, told again when the page comes back into view.
  let told = "";
  const hear = (event) => {
    const [served, ...lines] = event.data.split("\n");
    const failure = lines.join("\n");
    if (served !== book) location.reload();
    else if (failure === told) return;
    else if (failure) show(failure);
    else banner.replaceChildren();
    told = failure;
  };

  let changes;
  const listen = () => {
    changes = new EventSource("/-/changes");
    changes.onmessage = hear;
  };

  // A browser opens six connections to a server: tabs that nobody sees must not hold them all.
  const follow = () => {
    changes?.close();
    if (!document.hidden) listen();
  };
  document.addEventListener("visibilitychange", follow);
  follow();
})();
