/* What the server tells by itself, for all tabs of a browser at once: one of them, the leader, has the stream and passes on
what comes. It leads who holds a lock of the browser's; on plain HTTP, where there are none, who was looked at last.

A tab that is looked at asks for the leader. One that does not answer is frozen, and loses the lead. */

const ANSWERS_WITHIN_MS = 800;
const TABS_ANSWER_WITHIN_MS = 100;
const SILENT_AFTER_MS = 50_000; // the server says something every 20 s: the connection is gone, perhaps in a laptop's sleep
const LOOKED_AFTER_EVERY_MS = 10_000;
const FIRST_RETRY_AFTER_MS = 1_000;
const RETRY_AFTER_AT_MOST_MS = 120_000;
const KINDS = ["changes", "hint", "count", "sidebar", "typing"];

/**
 * Events: "up" and "down", when what comes by itself begins and ends; "bye", nobody is logged in; what the server sends, and
 * what tabs `share`, each under its own name (detail: what it says).
 */
class Live extends EventTarget {
  isUp = false;
  isLeading = false;
  #username;
  #url;
  #tabs;
  #open = new Set(); // the channels that any tab shows
  #own;
  #source = null;
  #release = null;
  #isLeft = false;
  #failures = 0;
  #heardAt = 0;
  #patience = null;
  #retry = null;

  /** `slug` is the channel that this page shows, "" for none. */
  start({ username, url, slug = "" }) {
    this.#username = username;
    this.#url = url;
    this.#own = slug;
    this.#tabs = new BroadcastChannel(`live:${username}`);
    this.#tabs.addEventListener("message", ({ data: [name, detail] }) => this.#heard(name, detail));
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("focus", () => this.#look());
    addEventListener("online", () => this.#look());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#join());
    setInterval(() => this.#lookAfterStream(), LOOKED_AFTER_EVERY_MS);
    this.#join();
  }

  /** Tell `name` here and in all other tabs. */
  share(name, detail) {
    this.#tabs.postMessage([name, detail]);
    this.#heard(name, detail);
  }

  #join() {
    this.#isLeft = false;
    if (navigator.locks) this.#lead();
    this.#look();
  }

  #leave() {
    this.#isLeft = true;
    clearTimeout(this.#patience);
    if (!this.isLeading) return;
    this.#resign();
    this.#tabs.postMessage(["left"]);
  }

  #look() {
    if (document.hidden || this.#isLeft) return;
    if (this.isLeading) return this.#source?.readyState === EventSource.CLOSED && this.#connect(0);
    this.#tabs.postMessage(["tab", this.#own]);
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#lead({ steal: true }), ANSWERS_WITHIN_MS);
  }

  async #lead(how = {}) {
    if (this.isLeading || this.#isLeft) return;
    if (!navigator.locks) return this.#begin();
    try {
      await navigator.locks.request(`live:${this.#username}`, how, () => this.#begin());
    } catch ({ name }) {
      this.#resign();
      if (name === "AbortError") this.#lead(); // another tab took over, while this one was frozen
    }
  }

  /** Returns what is settled once this tab leads no more. */
  #begin() {
    if (this.#isLeft) return undefined;
    clearTimeout(this.#patience);
    this.isLeading = true;
    this.#open = new Set([this.#own]);
    this.#tabs.postMessage(["leads"]);
    this.#connect(TABS_ANSWER_WITHIN_MS);
    return new Promise((resolve) => (this.#release = resolve));
  }

  #resign() {
    this.isLeading = false;
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#release?.();
  }

  #connect(afterMs) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#listen(), afterMs);
  }

  #listen() {
    this.#source?.close();
    const open = [...this.#open].filter(Boolean).map((slug) => ["open", slug]);
    const source = (this.#source = new EventSource(`${this.#url}?${new URLSearchParams(open)}`));
    const on = (name, listener) => source.addEventListener(name, ({ data }) => {
      this.#heardAt = Date.now();
      listener(data && JSON.parse(data));
    });
    this.#heardAt = Date.now();
    on("beat", () => {});
    on("ready", ({ user }) => this.#isReady(user));
    on("bye", () => this.#sayBye());
    for (const name of KINDS) on(name, (detail) => this.share(name, detail));
    source.addEventListener("error", () => this.#failed());
  }

  #isReady(user) {
    if (user !== this.#username) return this.#sayBye(); // somebody else logged in
    this.#failures = 0;
    this.share("up");
  }

  #sayBye() {
    this.#source.close();
    this.share("down");
    this.share("bye");
  }

  /** The browser tries again by itself when the connection broke; not when there was another answer. */
  #failed() {
    if (this.isUp) this.share("down");
    if (this.#source.readyState !== EventSource.CLOSED) return;
    const backoff = Math.min(FIRST_RETRY_AFTER_MS * 2 ** this.#failures, RETRY_AFTER_AT_MOST_MS);
    this.#failures += 1;
    this.#connect(backoff * (0.5 + Math.random()));
  }

  #lookAfterStream() {
    if (!this.isLeading || !this.isUp || Date.now() - this.#heardAt < SILENT_AFTER_MS) return;
    this.share("down");
    this.#connect(0);
  }

  #heard(name, detail) {
    if (name === "leads") this.#follow();
    else if (name === "tab") this.#answer(detail);
    else if (name === "left") this.#look();
    else if (name === "leader") this.#know(detail);
    else {
      if (name === "up" || name === "down") this.isUp = name === "up";
      this.dispatchEvent(new CustomEvent(name, { detail }));
    }
  }

  /** Another tab leads from now on, whatever this one took itself for. */
  #follow() {
    this.#resign();
    this.#tabs.postMessage(["tab", this.#own]);
  }

  #answer(slug) {
    if (!this.isLeading) return;
    this.#tabs.postMessage(["leader", this.isUp]);
    const isNew = !this.#open.has(slug);
    this.#open.add(slug);
    // Also after a failure: the page is new, and was let in.
    if (isNew || !this.isUp) this.#connect(TABS_ANSWER_WITHIN_MS);
  }

  #know(isUp) {
    clearTimeout(this.#patience);
    if (isUp !== this.isUp) this.#heard(isUp ? "up" : "down");
  }
}

export const live = new Live();
