/* Sends what is in the outbox: in order, one post in flight per channel, under the same name until the server has it;
asks about what it took and nobody saw stored; and tells it what was taken back. Neither of the last two keeps a post
waiting: that needs no database, they do.

One tab does so at a time. Two at once would do no harm but double the work: each begins with the oldest message that is
not accepted, so that whatever is posted twice was posted before. */

import { Barred, request, Unavailable } from "chat/csrf";
import { isHeld } from "chat/outbox";
import { inTurn } from "chat/turns";
import { word } from "chat/words";

const FIRST_RETRY_AFTER_MS = 1_000;
const RETRY_AFTER_AT_MOST_MS = 8_000; // while somebody looks
const RETRY_HIDDEN_AFTER_AT_MOST_MS = 30_000;
const TOO_FAST_AT_MOST_MS = 10 * 60 * 1000; // it knows when; earlier it would say no again
const ASK_AFTER_MS = [5_000, 10_000, 20_000, 30_000];
const POST_AGAIN_AFTER_MS = 60_000; // accepted and not stored: lost, or the worker is away

/**
 * Events: "stored" (detail: entry, html), "answered", "failing" (a post; it will try again), "slowed" (the same, as its
 * author is too fast; detail: until), "barred" (detail: code).
 */
export class Delivery extends EventTarget {
  #outbox;
  #author;
  #ticketOf;
  #lanes = new Map(); // by `laneOf`: when the next try is due, how many failed, and how often all was sent again in vain
  #asked = new Map(); // by message: how often it was asked about, and when next
  #urgent = new Set(); // messages to be asked about at once
  #sleepers = new Set();
  #isAtWork = false;
  #isResting = false;

  /** `ticketOf` gives this page's posting ticket for a channel, "" when it has none. */
  constructor(outbox, { author, ticketOf = () => "" }) {
    super();
    this.#outbox = outbox;
    this.#author = author;
    this.#ticketOf = ticketOf;
  }

  start() {
    this.#outbox.addEventListener("changed", ({ detail }) => (isNewWish(detail) ? this.hurry() : this.#wake()));
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    addEventListener("focus", () => this.hurry());
    addEventListener("online", () => this.hurry());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    addEventListener("pagehide", () => this.#rest()); // or a page kept for the Back button would keep the turn
    this.#hearOfOtherTabs();
    this.hurry();
  }

  /** A page that was made for this person, in another tab, says that they are logged in, perhaps again. */
  #hearOfOtherTabs() {
    const tabs = new BroadcastChannel(`pages:${this.#author}`);
    tabs.addEventListener("message", () => this.hurry());
    tabs.postMessage("opened");
  }

  /** The server may answer again: do not wait any longer. */
  hurry() {
    this.#isResting = false;
    for (const lane of this.#lanes.values()) lane.dueAt = lane.notBefore;
    this.#wake();
  }

  /** Ask what became of an accepted message without waiting: the server says that it was rejected. */
  askNow(clientId) {
    this.#urgent.add(clientId);
    this.#wake();
  }

  /** Leave the work to other tabs until something gives hope. */
  #rest() {
    this.#isResting = true;
    this.#wake();
  }

  async #wake() {
    for (const resolve of [...this.#sleepers]) resolve();
    if (this.#isAtWork || !this.#work.length) return;
    this.#isAtWork = true;
    try {
      await inTurn(`outbox:${this.#author}`, (isOurs) => this.#drain(isOurs));
    } finally {
      this.#isAtWork = false;
    }
    this.#wake(); // for what came while the turn was being given back
  }

  get #work() {
    return this.#isResting ? [] : this.#outbox.all.filter((entry) => entry.state !== "refused" && !isHeld(entry));
  }

  async #drain(isOurs) {
    const busy = new Map();
    for (;;) {
      const names = isOurs() ? this.#work.map(laneOf) : [];
      for (const name of new Set(names)) {
        if (!busy.has(name)) busy.set(name, this.#drainLane(name, isOurs).finally(() => busy.delete(name)));
      }
      if (!busy.size) return;
      await Promise.race([...busy.values(), this.#sleep(RETRY_HIDDEN_AFTER_AT_MOST_MS)]);
    }
  }

  async #drainLane(name, isOurs) {
    if (!this.#lanes.has(name)) this.#lanes.set(name, { dueAt: 0, notBefore: 0, failures: 0, resends: 0, refusedUntil: 0 });
    const lane = this.#lanes.get(name);
    for (let entry; isOurs() && (entry = this.#next(name)); ) {
      const wait = Math.max(lane.dueAt, this.#dueAt(entry)) - Date.now();
      if (wait > 0) await this.#sleep(Math.min(wait, RETRY_HIDDEN_AFTER_AT_MOST_MS));
      else await this.#serve(entry, lane);
    }
  }

  #next(name) {
    const entries = this.#work.filter((entry) => laneOf(entry) === name);
    // Posts keep their order; of what was accepted the one to be asked about first.
    if (entries[0]?.state === "accepted") entries.sort((one, other) => this.#dueAt(one) - this.#dueAt(other));
    return entries[0];
  }

  #dueAt({ state, clientId, acceptedAt, insteadOf }) {
    if (state === "accepted" && this.#urgent.has(clientId)) return 0;
    if (state === "accepted") return Math.max(this.#asked.get(clientId)?.dueAt ?? 0, acceptedAt + ASK_AFTER_MS[0]);
    // A second try waits until the server has heard that the first was taken back, or both could be stored.
    return this.#outbox.find(insteadOf) ? Infinity : 0;
  }

  async #serve(entry, lane) {
    try {
      if (entry.state === "deleting") await this.#tellDeleted(entry);
      else if (entry.state === "waiting") await this.#post(entry, lane);
      else await this.#ask(entry);
      Object.assign(lane, { failures: 0, notBefore: 0 });
      this.#tell("answered");
    } catch (error) {
      if (error instanceof Barred) this.#bar(error);
      else this.#tryLater(lane, entry, error);
    }
  }

  async #post(entry, lane) {
    const { clientId, text, slug } = entry;
    const earlier = this.#outbox.all.filter((other) => other.slug === slug && other.createdAt < entry.createdAt);
    const previous = earlier.findLast((other) => other.state === "accepted");
    this.#outbox.update(clientId, { isPosted: true }); // before it is true: the answer may never come
    if (this.#outbox.find(clientId)?.state !== "waiting") return; // taken back this very moment
    const answer = await request(entry.url, {
      method: "POST",
      // The author, because somebody else may have logged in in another tab: refused, not said in their name.
      body: new URLSearchParams({
        text,
        client_id: clientId,
        author: this.#author,
        previous: previous?.clientId ?? "",
        previous_accepted_us: previous?.acceptedUs ?? "",
        ticket: this.#ticketOf(slug),
      }),
    });
    if (answer.ok) this.#taken(entry, answer, lane);
    else if (answer.code === "resend_previous") this.#sendAgainBefore(entry, earlier, lane);
    else this.#refused(entry, answer);
  }

  #taken(entry, answer, lane) {
    if (entry.createdAt >= lane.refusedUntil) lane.resends = 0;
    if (answer.status === "sent") this.#stored(entry, answer.html);
    else if (answer.status === "sending") this.#accepted(entry, answer);
    else throw new Unavailable("an answer that is none");
  }

  #accepted({ clientId }, { accepted_us: acceptedUs }) {
    this.#outbox.update(clientId, { state: "accepted", acceptedAt: Date.now(), acceptedUs });
  }

  /**
   * What was accepted once may be stored yet, although now it would be refused: the queue has it, and the question what
   * became of it tells. A refusal may also come after the broker was given the message and did not confirm it.
   */
  #refused({ clientId, acceptedAt, isPosted = false }, answer) {
    if (acceptedAt && !isTaken(answer)) return void this.#outbox.update(clientId, { state: "accepted" });
    const isNowhere = isTaken(answer) || (!isPosted && isAboutText(answer));
    this.#outbox.update(clientId, { ...refusal(answer), isPosted: !isNowhere });
  }

  /**
   * The server can't tell whether the ones before are on their way: all of them once more, in order. The first time at
   * once; after that it is one web process that has a broker and another that has not, and every round puts them into the
   * queue again.
   */
  #sendAgainBefore({ createdAt }, earlier, lane) {
    const accepted = earlier.filter((entry) => entry.state === "accepted");
    if (!accepted.length) throw new Unavailable("resend_previous");
    for (const { clientId } of accepted) this.#outbox.update(clientId, { state: "waiting" });
    if (lane.resends > 0) lane.dueAt = Date.now() + backoff(lane.resends - 1);
    lane.refusedUntil = Math.max(lane.refusedUntil, createdAt);
    lane.resends += 1;
  }

  async #ask(entry) {
    this.#urgent.delete(entry.clientId);
    // When it was accepted last: what became of an earlier post of it says nothing of this one.
    const answer = await request(`${entry.ownUrl}${entry.clientId}/status/?accepted_us=${entry.acceptedUs ?? 0}`);
    if (answer.status === "sent") this.#stored(entry, answer.html);
    else if (answer.status === "not_sent") this.#notSent(entry, answer);
    else if (answer.status === "deleted") this.#outbox.drop(entry.clientId);
    else this.#askLater(entry);
  }

  #notSent({ clientId }, answer) {
    this.#outbox.update(clientId, { ...refusal(answer), isPosted: !isTaken(answer) });
  }

  #askLater(entry) {
    const { clientId, slug, acceptedAt, repeats = 0 } = entry;
    if (Date.now() - acceptedAt >= POST_AGAIN_AFTER_MS * 2 ** repeats) {
      const accepted = this.#outbox.all.filter((other) => other.slug === slug && other.state === "accepted");
      for (const other of accepted) this.#outbox.update(other.clientId, { state: "waiting", repeats: repeats + 1 });
    }
    const times = (this.#asked.get(clientId)?.times ?? 0) + 1;
    this.#asked.set(clientId, { times, dueAt: Date.now() + (ASK_AFTER_MS[times] ?? ASK_AFTER_MS.at(-1)) });
  }

  async #tellDeleted(entry) {
    const answer = await request(`${entry.ownUrl}${entry.clientId}/delete/`, {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: new URLSearchParams({ author: this.#author }),
    });
    if (!answer.ok) console.info("Not deleted:", answer.code); // somebody else's: nothing of ours to delete
    this.#outbox.forget(entry.clientId);
  }

  #stored(entry, html) {
    this.#tell("stored", { entry, html });
    if (html) this.#outbox.settle(entry.clientId);
    else this.#outbox.drop(entry.clientId); // stored, and deleted since
  }

  #bar({ code }) {
    this.#rest();
    this.#tell("barred", { code });
  }

  #tryLater(lane, { state }, { message, retryAfterS = 0, isTooFast = false }) {
    console.info("Sending failed:", message);
    const asked = Math.min(retryAfterS * 1000, isTooFast ? TOO_FAST_AT_MOST_MS : retryAfterAtMost());
    lane.notBefore = Date.now() + asked;
    lane.dueAt = Date.now() + Math.max(asked, isTooFast && asked ? 0 : backoff(lane.failures));
    lane.failures += isTooFast ? 0 : 1;
    if (state === "waiting") this.#tell(isTooFast ? "slowed" : "failing", { until: lane.dueAt });
  }

  #sleep(ms) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** What waits for one another: the posts into a channel, the questions about it, and all that was taken back. */
function laneOf({ state, slug }) {
  return state === "deleting" ? state : `${state} ${slug}`;
}

/** How long to wait after so many failures; spread, or all who lost the server at once would be back at once. */
function backoff(failures) {
  return Math.min(FIRST_RETRY_AFTER_MS * 2 ** failures, retryAfterAtMost()) * (0.75 + Math.random() / 4);
}

function retryAfterAtMost() {
  return document.hidden ? RETRY_HIDDEN_AFTER_AT_MOST_MS : RETRY_AFTER_AT_MOST_MS;
}

/** Its author just said to send this one: first or once more. */
function isNewWish({ was, is }) {
  return is?.state === "waiting" && (!was || was.urgedAt !== is.urgedAt);
}

/** Whether it is refused for what it says, which is looked at before anything else. */
export function isAboutText({ code }) {
  return code?.startsWith("text_") || code === "unstorable";
}

/** Whether another message has its name: this one never can be stored, and to take it back would delete that one. */
function isTaken({ code }) {
  return code === "client_id_taken";
}

function refusal({ code, message }) {
  return { state: "refused", code, reason: message || word("failed") };
}
