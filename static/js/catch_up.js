/* Hands to the timeline what changed in the channel: what the stream brings, as long as it fits to what is known, else what
the server answers when it is asked.

Without a stream it asks every now and then; never two questions at a time. Rests while nobody looks; when the server is
away it asks less and less often. */

import { logInAgain } from "chat/connection";
import { live } from "chat/live";
import { go } from "chat/pages";
import { parse } from "chat/timeline";
import { word } from "chat/words";

const EVERY_MS = 2_000;
const BROUGHT_ASKED_WITHIN_MS = [5_000, 20_000]; // for what else is another, when the stream told of the messages
const TICKET_RENEWED_EVERY_MS = 4 * 60 * 1000; // it is good for ten minutes
const MISSED_AFTER_MS = 300; // what was counted and is not here by then
const AT_MOST_EVERY_MS = 8_000;
const TIMEOUT_MS = 15_000;

/** Events: "answered" (detail: what the answer says besides messages), once it was applied; "recovered", at the first answer after there was none. */
export class CatchUp extends EventTarget {
  #timeline;
  #connection;
  #older;
  #slug;
  #url;
  #pageUrl;
  #version;
  #clearedSeq;
  #timer = null;
  #isAsking = false;
  #isToAskAgain = false;
  #failures = 0;
  #isOver = false;
  #isLoggedOut = false;
  #signal;

  /** Aborting `signal` ends it. */
  constructor(timeline, connection, older, signal) {
    super();
    const { slug, changesUrl, pageUrl, version, clearedSeq } = timeline.element.dataset;
    this.#timeline = timeline;
    this.#connection = connection;
    this.#older = older;
    this.#signal = signal;
    this.#slug = slug;
    this.#url = changesUrl;
    this.#pageUrl = pageUrl;
    this.#knows(Number(version));
    this.#clearedSeq = Number(clearedSeq);
  }

  start() {
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal: this.#signal });
    on(document, "visibilitychange", () => this.now());
    on(window, "online", () => this.now());
    on(window, "offline", () => this.#cutOff());
    on(window, "pagehide", () => clearTimeout(this.#timer));
    on(window, "pageshow", (event) => event.persisted && this.now());
    this.#signal.addEventListener("abort", () => this.#stop()); // with the signal itself it would never be heard
    on(live, "up", ({ detail }) => detail.fresh.includes(this.#slug) && this.#begin(detail.brought));
    on(live, "down", () => this.#later());
    on(live, "bye", () => this.now());
    const here = (name, listener) => on(live, name, ({ detail }) => detail.slug === this.#slug && listener(detail));
    here("changes", (detail) => this.#take(detail));
    here("hint", () => this.now());
    here("count", ({ version: counted }) => setTimeout(() => counted > this.#version && this.now(), MISSED_AFTER_MS));
    if (live.isUp) this.now(); // for what came since this page was made
    else this.#later();
  }

  /** Some of what is shown was read at `version`, perhaps before changes that came meanwhile. */
  since(version) {
    if (version >= this.#version) return;
    this.#knows(version);
    this.now();
  }

  /** Ask at once, or right after the question that is on its way. */
  now() {
    if (this.#isAsking) this.#isToAskAgain = true;
    else this.#ask();
  }

  /** Asked all the same: a server in the same house may answer, and an answer that was on its way already is no sign. */
  #cutOff() {
    this.#connection.lost(this);
    this.now();
  }

  /** The channel comes by itself from now on. What was missed until then is asked for, unless it came already. */
  #begin(brought) {
    const [least, most] = BROUGHT_ASKED_WITHIN_MS;
    if (brought.includes(this.#slug)) this.#later(least + Math.random() * (most - least));
    else this.now();
  }

  #knows(version) {
    this.#version = version;
    live.knows(this.#timeline.element.dataset.channelId, version);
  }

  #take({ after, version, html }) {
    if (version <= this.#version) return;
    if (after > this.#version) return this.now();
    this.#knows(version);
    this.#timeline.apply(parse(html));
  }

  async #ask() {
    clearTimeout(this.#timer);
    if (this.#isOver || document.hidden) return;
    this.#isAsking = true;
    this.#isToAskAgain = false;
    try {
      while (await this.#askOnce());
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isAsking = false;
    }
    if (this.#isToAskAgain && !this.#failures) this.#ask();
    else this.#later();
  }

  /** One question; true when there is more to be had. */
  async #askOnce() {
    const askedAt = Date.now();
    const after = this.#version;
    const response = await fetch(`${this.#url}?after=${after}`, {
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (this.#signal.aborted) return false;
    this.#isLoggedOut = response.redirected || response.status === 401;
    if (this.#isLoggedOut) return this.#sayLoggedOut();
    if (response.status === 403 || response.status === 404) return this.#end();
    const answer = response.ok ? parse(await response.text()) : null;
    if (this.#signal.aborted) return false;
    const changes = answer?.querySelector("[data-changes]");
    if (!changes) throw new Error(`status ${response.status}`);
    this.#answered();
    const [about, start] = ["[data-about]", ".timeline__start"].map((what) => answer.querySelector(what));
    return this.#apply(changes, after, { askedAt, about, start });
  }

  async #apply(changes, after, more) {
    const version = Number(changes.dataset.version);
    const isReset = changes.dataset.reset === "true";
    // The stream was faster: a message that was deleted since would come back.
    if (version < this.#version && !isReset) return true;
    // Something was loaded meanwhile that is older than what was asked for: what changed between is yet to come.
    const isToAskAgain = after > this.#version && !isReset;
    const clearedSeq = Number(changes.dataset.clearedSeq);
    if (clearedSeq < this.#clearedSeq) {
      // Undone elsewhere: what was cleared is to be read again, and only a new page has it.
      this.#isOver = true;
      go(this.#pageUrl);
      return false;
    }
    this.#timeline.element.dataset.ticket = changes.dataset.ticket; // none for who may not post any more
    const { isLatest, isAtEnd } = this.#timeline;
    // The newest messages are not what is read here.
    if (isReset && !(isLatest && isAtEnd)) await this.#older.renew();
    else this.#timeline.apply(changes);
    if (this.#signal.aborted) return false; // another page is shown by now
    if (!isToAskAgain) this.#knows(version);
    this.#clearedSeq = clearedSeq;
    this.dispatchEvent(new CustomEvent("answered", { detail: { ...more, ...changes.dataset } }));
    return isToAskAgain || changes.dataset.more === "true";
  }

  #answered() {
    const hasRecovered = this.#failures > 0;
    this.#failures = 0;
    this.#connection.found(this);
    if (hasRecovered) this.dispatchEvent(new Event("recovered"));
  }

  #failed(error) {
    if (this.#isOver) return;
    this.#failures += 1;
    console.info("Catching up failed:", error.message);
    if (!document.hidden) this.#connection.lost(this);
  }

  /** Nothing is asked until the reader comes back, perhaps from logging in in another tab. */
  #sayLoggedOut() {
    this.#connection.say(this, ...logInAgain(this.#pageUrl));
    return false;
  }

  #stop() {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #end() {
    this.#isOver = true;
    this.#connection.say(this, word("gone"));
    return false;
  }

  #later(ms = this.#pause) {
    clearTimeout(this.#timer);
    if (this.#isOver || this.#isLoggedOut || document.hidden) return;
    this.#timer = setTimeout(() => this.now(), ms);
  }

  /** Spread: all who lost the stream at once must not ask at once. */
  get #pause() {
    if (live.isUp && !this.#failures) return TICKET_RENEWED_EVERY_MS;
    return Math.min(EVERY_MS * 2 ** this.#failures, AT_MOST_EVERY_MS) * (0.75 + Math.random() / 2);
  }
}
