/* What the server tells by itself, for all tabs of a browser at once: one of them, the leader, has the stream and passes on
what comes. It leads who holds a lock of the browser's; on plain HTTP, where there are none, who was looked at last.

A tab that is looked at asks for the leader, and so does one in sight that heard nothing of it for long. One that does not
answer is frozen, and loses the lead. */

const ANSWERS_WITHIN_MS = 800;
const TABS_ANSWER_WITHIN_MS = 100;
const SILENT_AFTER_MS = 50_000; // the server says something every 20 s: the connection is gone, perhaps in a laptop's sleep
const LOOKED_AFTER_EVERY_MS = 10_000;
const FIRST_RETRY_AFTER_MS = 3_000;
const RETRY_AFTER_AT_MOST_MS = 30_000; // while somebody looks
const RETRY_HIDDEN_AFTER_AT_MOST_MS = 120_000;
const MOST_OPEN = 20; // channels in one stream
const KINDS = ["changes", "hint", "count", "sidebar", "typing", "heard", "presence", "rejected"];

/**
 * Events: "up" and "down", when what comes by itself begins and ends (detail of "up": the channels that come as `slugs`,
 * those that did not come right before as `fresh`, and those that it told what they missed as `brought`); "bye", nobody is
 * logged in; what the server sends, and what tabs `share`, each under its own name (detail: what it says).
 */
class Live extends EventTarget {
  isUp = false; // whether the channel of this page comes by itself
  isLeading = false;
  says = () => []; // what else the server is told with the question for a stream, as pairs
  #id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #username;
  #url;
  #tabs;
  #own;
  #open = new Map(); // the tabs of this browser: which channel each shows, the one that was looked at last at the end
  #known = new Map(); // by channel, its id and the version that was heard of last
  #covered = []; // the channels that the stream brings
  #source = null;
  #next = null; // a stream that will replace it
  #release = null;
  #isLeft = false;
  #isDismissed = false; // nobody is logged in, as far as the server said
  #failures = 0;
  #heardAt = 0;
  #patience = null;
  #retry = null;

  /** `slug` is the channel that this page shows, "" for none. */
  start({ username, url, slug = "" }) {
    this.#username = username;
    this.#url = url;
    this.#own = { id: this.#id, slug, known: this.#own?.known };
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

  /** This page shows the channel of that id as of `version`. */
  knows(channelId, version) {
    this.#own = { ...this.#own, known: `${channelId}:${version}` };
  }

  /** This page shows the channel `slug` from now on, "" for none. */
  show(slug = "") {
    if (!this.#own || slug === this.#own.slug) return;
    this.#own = { id: this.#id, slug };
    this.isUp = this.isLeading && this.#brings(slug);
    if (!this.isLeading) return this.#look();
    this.#add(this.#own);
    if (!this.isUp) this.#connect(TABS_ANSWER_WITHIN_MS);
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
    if (this.isLeading) this.#resign();
    this.#tabs.postMessage(["left", this.#id]);
  }

  #look() {
    if (document.hidden || this.#isLeft) return;
    if (this.isLeading) return this.#lookAtOnce();
    this.#tabs.postMessage(["tab", this.#own]);
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#lead({ steal: true }), ANSWERS_WITHIN_MS);
  }

  /** Somebody came, perhaps from logging in: do not wait any longer for the next try. */
  #lookAtOnce() {
    if (!this.#source && !this.#next) this.#connect(0);
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
    this.#open = new Map();
    this.#known = new Map();
    this.#add(this.#own);
    this.#tabs.postMessage(["leads"]);
    this.#connect(TABS_ANSWER_WITHIN_MS);
    return new Promise((resolve) => (this.#release = resolve));
  }

  #resign() {
    this.isLeading = false;
    this.#hangUp();
    this.#release?.();
  }

  #hangUp() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#next?.close();
    this.#source = this.#next = null;
    this.#covered = [];
  }

  #connect(afterMs) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#listen(), afterMs);
  }

  /** The stream that there is goes on until the new one is ready, so that nothing falls between the two. */
  #listen() {
    this.#next?.close();
    const slugs = this.#wanted();
    const wishes = slugs.flatMap((slug) => [["open", slug], ["last", this.#known.get(slug)]]).filter(([, wish]) => wish);
    const brought = new Set();
    const source = (this.#next = new EventSource(`${this.#url}?${new URLSearchParams([...wishes, ...this.says()])}`));
    const on = (name, listener) => source.addEventListener(name, ({ data, lastEventId }) => {
      this.#heardAt = Date.now();
      listener(data && JSON.parse(data), lastEventId);
    });
    this.#heardAt = Date.now();
    on("beat", () => this.#tabs.postMessage(["beat"]));
    on("ready", ({ user }) => this.#isReady(user, slugs, [...brought]));
    on("bye", () => this.#dismissed());
    on("changes", ({ slug }, known) => {
      this.#known.set(slug, known);
      brought.add(slug);
    });
    for (const name of KINDS) on(name, (detail) => this.share(name, detail));
    source.addEventListener("error", () => this.#failed());
  }

  /** The channels that tabs show, the newest last. */
  #wanted() {
    return [...new Set([...this.#open.values()].reverse())].filter(Boolean).slice(0, MOST_OPEN).reverse();
  }

  #isReady(user, slugs, brought) {
    if (user !== this.#username) return this.#sayBye(); // somebody else logged in
    const fresh = slugs.filter((slug) => !this.#covered.includes(slug));
    this.#source?.close();
    this.#source = this.#next;
    this.#next = null;
    this.#failures = 0;
    this.#isDismissed = false;
    this.#covered = slugs;
    this.share("up", { slugs, fresh, brought });
    // A tab went on to another channel while this stream was on its way.
    if (this.#wanted().some((slug) => !slugs.includes(slug))) this.#connect(TABS_ANSWER_WITHIN_MS);
  }

  /** Try once more: who changed their own password is still logged in. */
  #dismissed() {
    this.#sayBye();
    this.#connect(spread(FIRST_RETRY_AFTER_MS));
  }

  /** Nothing is tried any more until somebody looks, perhaps from logging in. */
  #sayBye() {
    this.#hangUp();
    this.#isDismissed = true;
    this.share("down");
    this.share("bye");
  }

  /** Begun anew each time, not by the browser: it would name what was known when the page was new. */
  #failed() {
    if (this.isUp || this.#source) this.share("down");
    this.#hangUp();
    if (this.#isDismissed) return;
    const atMost = document.hidden ? RETRY_HIDDEN_AFTER_AT_MOST_MS : RETRY_AFTER_AT_MOST_MS;
    const backoff = Math.min(FIRST_RETRY_AFTER_MS * 2 ** this.#failures, atMost);
    this.#failures += 1;
    this.#connect(spread(backoff));
  }

  #lookAfterStream() {
    if (Date.now() - this.#heardAt < SILENT_AFTER_MS) return;
    if (!this.isLeading) return this.#look();
    if (!this.#source && !this.#next) return;
    this.share("down");
    this.#hangUp();
    this.#connect(0);
  }

  #heard(name, detail) {
    if (name === "leads") this.#follow();
    else if (name === "tab") this.#answer(detail);
    else if (name === "left") this.#forget(detail);
    else if (name === "leader") this.#know(detail);
    else if (name === "beat") this.#heardAt = Date.now();
    else if (name === "up" || name === "down") this.#turn(name, detail);
    else this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #turn(name, detail) {
    const { slug } = this.#own;
    this.isUp = name === "up" && (!slug || detail.slugs.includes(slug));
    this.dispatchEvent(new CustomEvent(this.isUp ? "up" : "down", { detail }));
  }

  /** Another tab leads from now on, whatever this one took itself for. */
  #follow() {
    if (this.#isLeft) return; // a page that goes still hears for a moment
    this.#resign();
    this.#heardAt = Date.now();
    this.#tabs.postMessage(["tab", this.#own]);
  }

  #answer(tab) {
    if (!this.isLeading) return;
    const isNew = this.#add(tab);
    const isUp = this.#brings(tab.slug);
    this.#tabs.postMessage(["leader", { id: tab.id, isUp }]);
    // Also after a failure: the page is new, and was let in.
    if (!isUp) this.#connect(TABS_ANSWER_WITHIN_MS);
    else if (isNew) this.dispatchEvent(new Event("sidebar")); // it may have missed something before it was here
  }

  #brings(slug) {
    return Boolean(this.#source) && (!slug || this.#covered.includes(slug));
  }

  #add({ id, slug, known }) {
    const isNew = !this.#open.delete(id);
    this.#open.set(id, slug);
    // Of several pages the one that knows least counts.
    if (known && !(versionOf(known) > versionOf(this.#known.get(slug)))) this.#known.set(slug, known);
    return isNew;
  }

  #forget(id) {
    this.#open.delete(id);
    if (!this.isLeading) this.#look(); // it may have been the leader
  }

  #know({ id, isUp }) {
    if (id !== this.#id) return;
    clearTimeout(this.#patience);
    this.#heardAt = Date.now();
    const slugs = [this.#own.slug];
    if (isUp !== this.isUp) this.#turn(isUp ? "up" : "down", { slugs, fresh: slugs, brought: [] });
  }
}

export const live = new Live();

/** At most `ms`: all who lost the server must not be back at once. */
function spread(ms) {
  return ms * (0.2 + Math.random() * 0.8);
}

function versionOf(known) {
  return Number(known?.split(":")[1]);
}
