/**
 * The loader of the license banner: `<ohe-license-banner>`.
 *
 * Every page pays for this file, so it does no more than ask for the license status. What draws the banner, WebAssembly
 * and its glue, is fetched for a status that warns; where it cannot run, this file shows the server's message itself.
 */
const name = "ohe-license-banner";
const defaultSource = new URL("../api/license-status", import.meta.url).href;

const defaultSeconds = 3600;
/** A timer waits for at most 2^31 ms. */
const longestSeconds = 2e6;
const firstRetrySeconds = 60;
/** However often an element asks, a server that is away is asked at least this often. */
const longestRetrySeconds = 900;
const requestMilliseconds = 3e4;
/** After this long without the WebAssembly the message is shown without it. */
const patienceMilliseconds = 1e4;

/** The server's message in plain DOM. Constructor and methods are those of the Banner in the WebAssembly. */
class PlainBanner {
  constructor(parent, status) {
    const [alert, message, button] = ["div", "p", "button"].map((tag) => document.createElement(tag));
    alert.setAttribute("role", "alert");
    alert.lang = "en";
    alert.dir = "ltr";
    button.type = "button";
    button.setAttribute("aria-label", "Close");
    button.textContent = "×";
    alert.append(message, button);
    this.update = (status) => {
      // Writing the same text again would be announced again.
      if (message.textContent != status.message) message.textContent = status.message;
    };
    this.free = () => alert.remove();
    this.update(status);
    parent.append(alert);
  }
}

/** What draws a banner, once there was something to draw. */
let Drawing;
let loading;
let style;

/** Sets `Drawing`, whatever happens. */
const load = () =>
  (loading ??= Promise.race([
    Promise.all([import("./banner.js"), fetch(new URL("./banner.wasm", import.meta.url))]).then(([glue, response]) =>
      glue.default({ module_or_path: response }).then(() => glue),
    ),
    new Promise((_, reject) => setTimeout(reject, patienceMilliseconds)),
  ]).then(
    (glue) => {
      style.replaceSync(glue.style());
      Drawing = glue.Banner;
    },
    () => (Drawing = PlainBanner),
  ));

/** By source. A poll outlives its banners, so that what is known, and what was closed, stays so until the page goes. */
const polls = new Map();

/** Asks one source for as long as there are banners to tell. */
const createPoll = (source) => {
  const banners = new Set();
  let timer;
  let asking;
  let begun;
  let asked = -Infinity;
  let failures = 0;
  let haste;

  const due = () => {
    const seconds = Math.min(...[...banners].map((banner) => banner.seconds()));
    return (
      asked +
      1e3 *
        (failures
          ? Math.min(Math.min(seconds, firstRetrySeconds) * 2 ** failures * haste, Math.max(seconds, longestRetrySeconds))
          : seconds)
    );
  };

  /** Asks where that is due and somebody looks, the first time in any case. */
  const ask = async () => {
    if (asking || !banners.size || (begun && (document.hidden || Date.now() < due()))) return;
    asking = begun = true;
    let status;
    try {
      // The browser sends the ETag along, and takes the reply from its cache at a 304.
      const reply = await fetch(source, { cache: "no-cache", signal: AbortSignal.timeout?.(requestMilliseconds) });
      if (reply.ok) status = await reply.json();
    } catch {
      // No reply, or none that can be read.
    }
    asking = false;
    asked = Date.now();
    // A server that has just started knows nothing yet, which is like no reply.
    if (typeof status?.warn == "boolean" && typeof status.message == "string" && status.state != "unknown") {
      failures = 0;
      poll.status = status;
      banners.forEach((banner) => banner.tell());
    } else {
      failures++;
      // Tabs that lost the server together shall not come back together.
      haste = 0.75 + Math.random() / 4;
    }
    poll.schedule();
  };

  const poll = {
    banners,
    ask,
    schedule() {
      clearTimeout(timer);
      if (asking || !banners.size) return;
      timer = setTimeout(() => {
        // The time of day may have been set back while the timer ran.
        asked = -Infinity;
        ask();
      }, due() - Date.now());
    },
  };
  return poll;
};

/** What one element shows. */
const createBanner = (element, parent) => {
  let poll;
  let drawn;

  const show = () => {
    if (!poll?.status?.warn || poll.closed) {
      drawn?.free();
      drawn = undefined;
    } else if (!Drawing) {
      load().then(banner.show);
    } else {
      const lang = (element.closest("[lang]") ?? document.documentElement).lang || navigator.language;
      drawn ? drawn.update(poll.status, lang) : (drawn = new Drawing(parent, poll.status, lang));
    }
  };

  parent.onclick = ({ target }) => {
    if (!target.closest("button")) return;
    poll.closed = true;
    poll.banners.forEach((banner) => banner.show());
  };

  const banner = {
    show() {
      try {
        show();
      } catch {
        // A fault in the WebAssembly: from now on the message is shown without it.
        Drawing = PlainBanner;
        drawn = undefined;
        parent.replaceChildren();
        show();
      }
    },
    seconds() {
      const seconds = Number(element.getAttribute("poll-seconds"));
      return seconds >= 1 ? Math.min(seconds, longestSeconds) : defaultSeconds;
    },
    tell() {
      if (!poll) return;
      element.dispatchEvent(new CustomEvent("license-status", { bubbles: true, detail: poll.status }));
      banner.show();
    },
    enter() {
      const source = element.getAttribute("src") || defaultSource;
      polls.set(source, (poll = polls.get(source) ?? createPoll(source)));
      poll.banners.add(banner);
      // Not at once: who has just put the element into the page may be about to listen.
      if (poll.status) queueMicrotask(banner.tell);
      poll.schedule();
      poll.ask();
    },
    leave() {
      poll.banners.delete(banner);
      poll.schedule();
      poll = undefined;
      banner.show();
    },
    /** An attribute has changed; those of an element that is not in the page yet are read when it is. */
    change(attribute) {
      if (!poll) return;
      if (attribute == "src") {
        banner.leave();
        banner.enter();
      } else {
        banner.show();
        poll.schedule();
        poll.ask();
      }
    },
  };
  return banner;
};

const define = () => {
  style = new CSSStyleSheet();
  style.replaceSync(
    "[role=alert]{display:flex;align-items:center;gap:1rem;font:14px system-ui;margin:.5rem;padding:1rem;border-radius:.5rem;background:var(--ohe-license-banner-background,#b91c1c);color:var(--ohe-license-banner-color,#fff)}p{flex:1;margin:0}",
  );

  class LicenseBanner extends HTMLElement {
    static observedAttributes = ["src", "poll-seconds", "lang"];
    #banner;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      const parent = document.createElement("div");
      root.adoptedStyleSheets = [style];
      root.append(parent);
      this.#banner = createBanner(this, parent);
    }

    connectedCallback() {
      this.#banner.enter();
    }

    disconnectedCallback() {
      this.#banner.leave();
    }

    attributeChangedCallback(attribute, before, after) {
      if (before != after) this.#banner.change(attribute);
    }
  }

  customElements.define(name, LicenseBanner);
  document.addEventListener("visibilitychange", () => polls.forEach((poll) => poll.ask()));
  const follow = () => polls.forEach((poll) => poll.banners.forEach((banner) => banner.show()));
  new MutationObserver(follow).observe(document.documentElement, { attributeFilter: ["lang"] });
};

// A page may have it from a script tag and from a package too; where a server renders it, there are no elements at all.
if (globalThis.customElements && !customElements.get(name)) define();
