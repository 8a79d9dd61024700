/* Loads older messages when the reader nears the top, and newer ones at the bottom of what is not the newest; without this
script they are pages of their own. */

import { parse } from "chat/timeline";
import { word } from "chat/words";

const AHEAD = "600px 0px";
const TIMEOUT_MS = 15_000;

/** Event: "loaded" (detail.version): messages were put in as they were at that version of the channel. */
export class Older extends EventTarget {
  #timeline;
  #older;
  #newer;
  #start;
  #observer;
  #isLoading = false;

  /** Aborting `signal` ends it. */
  constructor(timeline, signal) {
    super();
    this.#timeline = timeline;
    signal.addEventListener("abort", () => this.#observer.disconnect());
    this.#older = timeline.element.querySelector(".timeline__older");
    this.#newer = timeline.element.querySelector(".timeline__newer");
    this.#start = timeline.element.querySelector(".timeline__start");
  }

  start() {
    this.#observer = new IntersectionObserver((entries) => this.#near(entries), {
      root: this.#timeline.element,
      rootMargin: AHEAD,
    });
    for (const paragraph of [this.#older, this.#newer]) {
      this.#observer.observe(paragraph);
      paragraph.addEventListener("click", (event) => {
        event.preventDefault();
        this.#load(paragraph);
      });
    }
    this.#timeline.addEventListener("cleared", () => this.#olderFrom(""));
    this.#timeline.addEventListener("reset", ({ detail }) => this.#olderFrom(detail.oldest ?? ""));
    this.#timeline.addEventListener("cut", ({ detail }) => this.#newerFrom(detail.newest));
  }

  /** Load afresh what is being read: too much has changed to be told of one by one. */
  async renew() {
    const run = await this.#fetch({ after: Math.max(0, this.#timeline.readFrom - 1) });
    this.#timeline.renew(articlesOf(run), { isLatest: !run.dataset.after });
    this.#olderFrom(run.dataset.before);
    this.#newerFrom(run.dataset.after);
  }

  #near(entries) {
    for (const { isIntersecting, target } of entries) if (isIntersecting) this.#load(target);
  }

  async #load(paragraph) {
    const link = paragraph.querySelector("a");
    const { before, after } = link.dataset;
    if (this.#isLoading || !(before || after)) return;
    this.#isLoading = true;
    const isOlder = paragraph === this.#older;
    if (isOlder) link.textContent = word("loading_older");
    try {
      const run = await this.#fetch({ ...link.dataset });
      if (link.dataset.before !== before || link.dataset.after !== after) return; // cleared or replaced meanwhile
      if (isOlder) this.#takeOlder(run);
      else this.#takeNewer(run);
      this.dispatchEvent(new CustomEvent("loaded", { detail: { version: Number(run.dataset.version) } }));
      this.#lookAgain();
    } catch (error) {
      console.info("Loading messages failed:", error.message);
      if (isOlder) link.textContent = word("older_failed");
    } finally {
      this.#isLoading = false;
    }
  }

  #takeOlder(run) {
    this.#olderFrom(run.dataset.before);
    this.#timeline.load(articlesOf(run));
  }

  #takeNewer(run) {
    this.#newerFrom(run.dataset.after);
    this.#timeline.load(articlesOf(run), { isLatest: !run.dataset.after });
  }

  async #fetch(range) {
    const response = await fetch(`${this.#timeline.element.dataset.messagesUrl}?${new URLSearchParams(range)}`, {
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const run = response.ok ? parse(await response.text()).querySelector("[data-run]") : null;
    if (!run) throw new Error(`status ${response.status}`);
    return run;
  }

  #olderFrom(before) {
    const link = this.#older.querySelector("a");
    link.dataset.before = before;
    link.href = `?before=${before}`;
    link.textContent = word("older");
    this.#older.hidden = !before;
    this.#start.hidden = Boolean(before);
  }

  #newerFrom(after) {
    const link = this.#newer.querySelector("a");
    link.dataset.after = after;
    link.href = `?after=${after}`;
  }

  /** The observer tells of changes only; the end may still be in sight after a short page. */
  #lookAgain() {
    for (const paragraph of [this.#older, this.#newer]) {
      this.#observer.unobserve(paragraph);
      this.#observer.observe(paragraph);
    }
  }
}

function articlesOf(run) {
  return [...run.querySelectorAll(":scope > article")];
}
