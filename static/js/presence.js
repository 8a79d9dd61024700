/* Who is here: tells the server whether this browser is used, when that changes, and whose presence its pages show; draws
what comes. The tab that has the stream speaks for all of them. */

import { request } from "chat/csrf";
import { live } from "chat/live";

const IDLE_AFTER_MS = 5 * 60 * 1000;
const SHARED_EVERY_MS = 20_000; // with the other tabs
const LOOKED_AFTER_EVERY_MS = 10_000;
const TOLD_AGAIN_AFTER_MS = 2 * 60 * 1000; // the server takes it, and it may be lost behind that
const MOST_PEOPLE = 200; // as many as the server takes, and as an address has room for
const SIGNS_OF_USE = ["pointerdown", "pointermove", "wheel", "keydown", "touchstart", "focus"];

class Presence {
  #tab = Math.random();
  #url;
  #usedAt = document.hidden ? 0 : Date.now(); // in any tab
  #sharedAt = 0;
  #people = new Map(); // by tab: the ids of those it shows
  #states = new Map(); // by id, of those that are shown
  #said = ""; // in the address of the stream
  #told = ""; // since
  #toldAt = Infinity; // the address of the stream is not lost
  #isAnswered = true;

  start({ url }) {
    this.#url = url;
    live.says = () => this.#say();
    for (const name of SIGNS_OF_USE) addEventListener(name, () => this.#use(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#use();
      if (this.#shown.length) this.refresh();
    });
    addEventListener("pagehide", () => this.#shown.length && live.share("people", [this.#tab, []]));
    live.addEventListener("used", ({ detail }) => this.#heardOfUse(detail));
    live.addEventListener("people", ({ detail }) => this.#heardOfPeople(...detail));
    live.addEventListener("presence", ({ detail }) => this.#take(detail));
    live.addEventListener("up", () => this.#isUp());
    live.addEventListener("down", () => this.#drawMine());
    setInterval(() => this.#lookAfter(), LOOKED_AFTER_EVERY_MS);
  }

  /** The page shows others than before, or none any more. */
  refresh() {
    live.share("people", [this.#tab, document.hidden ? [] : this.#shown]);
    this.#drawMine();
  }

  get #elements() {
    return [...document.querySelectorAll(".presence[data-person]")];
  }

  get #shown() {
    return this.#elements.map(({ dataset }) => Number(dataset.person));
  }

  get #isIdle() {
    return Date.now() - this.#usedAt >= IDLE_AFTER_MS;
  }

  get #wanted() {
    const all = new Set([...this.#people.values()].flat());
    return [...all].slice(-MOST_PEOPLE).sort((a, b) => a - b);
  }

  #now() {
    return new URLSearchParams({ idle: Number(this.#isIdle), people: this.#wanted.join(" ") });
  }

  #say() {
    const now = this.#now();
    this.#said = String(now);
    return [...now];
  }

  #isUp() {
    this.#told = this.#said;
    this.#toldAt = Infinity;
    this.#drawMine();
    if (this.#shown.length) this.refresh(); // another tab may have taken over
    this.#tell();
  }

  #use() {
    if (document.hidden) return;
    const wasIdle = this.#isIdle;
    this.#usedAt = Date.now();
    if (!wasIdle && this.#usedAt - this.#sharedAt < SHARED_EVERY_MS) return;
    this.#sharedAt = this.#usedAt;
    live.share("used", this.#usedAt);
  }

  #heardOfUse(at) {
    this.#usedAt = Math.max(this.#usedAt, at);
    this.#lookAfter();
  }

  #heardOfPeople(tab, ids) {
    this.#people.set(tab, ids);
    const wanted = new Set(this.#wanted);
    for (const id of this.#states.keys()) if (!wanted.has(id)) this.#states.delete(id);
    if (!live.isLeading) return;
    const known = ids.filter((id) => this.#states.has(id)).map((id) => [id, this.#states.get(id)]);
    if (known.length) live.share("presence", Object.fromEntries(known));
    this.#tell();
  }

  #lookAfter() {
    this.#drawMine();
    if (!this.#isAnswered) this.#told = ""; // it was lost on the way
    this.#tell({ isAgain: Date.now() - this.#toldAt >= TOLD_AGAIN_AFTER_MS });
  }

  async #tell({ isAgain = false } = {}) {
    if (!live.isLeading || !live.isUp) return;
    const now = this.#now();
    if (String(now) === this.#told && !isAgain) return;
    if (now.get("people") !== new URLSearchParams(this.#told).get("people")) this.#isAnswered = !now.get("people");
    this.#told = String(now);
    this.#toldAt = Date.now();
    now.set("author", document.body.dataset.username);
    try {
      await request(this.#url, { method: "POST", body: now });
    } catch (error) {
      this.#told = ""; // the next look tells it again
      console.info("Not told:", error.message);
    }
  }

  #take(states) {
    this.#isAnswered = true;
    for (const [id, state] of Object.entries(states)) this.#states.set(Number(id), state);
    for (const element of this.#elements) draw(element, states[element.dataset.person]);
  }

  #drawMine() {
    const mine = document.getElementById("my-presence");
    if (mine) draw(mine, live.isUp ? (this.#isIdle ? "away" : "online") : "offline");
  }
}

export const presence = new Presence();

/** Without a `state` nothing is known that was not known before. */
function draw(element, state) {
  if (state === undefined) return;
  element.dataset.state = state;
  element.hidden = !state;
  element.textContent = state && element.dataset[state];
}
