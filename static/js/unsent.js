/* Shows what is in the outbox: each message of this channel in its place until it is stored, and the question whether to
send what was left behind long ago. */

import { isAboutText } from "chat/delivery";
import { isHeld, isSafe, isSlow, turnsAt } from "chat/outbox";
import { parse } from "chat/timeline";
import { counted, word } from "chat/words";

const NO_NAME = "00000000-0000-0000-0000-000000000000";

/**
 * Events: "refused" (detail: entry; call preventDefault when its text was taken back), for what was sent from here;
 * "decided", when one of its buttons was pressed, which may be gone now.
 */
export class Unsent extends EventTarget {
  #timeline;
  #outbox;
  #question;
  #place;
  #sentHere = new Set();
  #looks = new WeakMap();
  #timer = null;
  #isBarred = false;
  #signal;

  /** `question` is the element that asks about what was left behind. Aborting `signal` ends it all. */
  constructor(timeline, outbox, question, signal) {
    super();
    const { slug, channel, messagesUrl, messageUrl } = timeline.element.dataset;
    this.#timeline = timeline;
    this.#outbox = outbox;
    this.#question = question;
    this.#signal = signal;
    this.#place = { slug, channel, url: messagesUrl, ownUrl: messageUrl.replace(`${NO_NAME}/`, "") };
  }

  start() {
    const signal = this.#signal;
    this.#outbox.addEventListener("changed", ({ detail }) => this.#changed(detail), { signal });
    this.#timeline.addEventListener("stored", ({ detail }) => this.#outbox.settle(detail.clientId));
    for (const button of this.#question.querySelectorAll("button")) {
      button.addEventListener("click", () => this.#answer(button));
    }
    addEventListener("pageshow", (event) => event.persisted && this.#draw(), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    this.#draw();
  }

  /** Whether a message sent from this page still needs it. */
  get isBusy() {
    return [...this.#sentHere].some((clientId) => ["waiting", "refused"].includes(this.#outbox.find(clientId)?.state));
  }

  /** Whether nothing is sent until somebody logs in. */
  set isBarred(isBarred) {
    if (this.#isBarred === isBarred) return;
    this.#isBarred = isBarred;
    this.#draw();
  }

  isSentHere(clientId) {
    return this.#sentHere.has(clientId);
  }

  send(text) {
    this.#show(this.#outbox.send(text, this.#place));
  }

  #show({ clientId }) {
    this.#sentHere.add(clientId);
    this.#draw();
    this.#timeline.goToEnd();
  }

  #retry(clientId) {
    const renewed = this.#outbox.retry(clientId);
    if (renewed) this.#show(renewed);
  }

  /** What is gone without having been taken back is stored: the timeline will put the real one in its place. */
  #changed({ was, is }) {
    if (is?.state === "deleting") this.#timeline.hide(is.clientId);
    if (is?.state === "erased") this.#timeline.remove(is.clientId);
    if (is?.state === "refused" && was?.state !== "refused") this.#offer(is);
    this.#draw();
  }

  /** A text that breaks a rule goes back to where it can be mended. */
  #offer(entry) {
    if (!isAboutText(entry) || !this.#sentHere.has(entry.clientId)) return;
    const isTakenBack = !this.dispatchEvent(new CustomEvent("refused", { detail: entry, cancelable: true }));
    if (isTakenBack) this.#outbox.discard(entry.clientId);
  }

  #isShown({ slug, clientId, ...entry }) {
    const isHere = slug === this.#place.slug && (this.#timeline.isLatest || this.#sentHere.has(clientId));
    return isHere && entry.state !== "deleting" && !isHeld(entry);
  }

  #draw() {
    clearTimeout(this.#timer);
    const entries = this.#outbox.all;
    const held = entries.filter(isHeld);
    for (const { clientId } of held) this.#timeline.remove(clientId);
    for (const { clientId, state } of entries) if (state === "deleting") this.#timeline.hide(clientId);
    for (const entry of entries) if (this.#isShown(entry)) this.#drawEntry(entry);
    this.#ask(held);
    const next = Math.min(...entries.map(turnsAt).filter((at) => at > Date.now()));
    if (next < Infinity) this.#timer = setTimeout(() => this.#draw(), next - Date.now());
  }

  #drawEntry(entry) {
    let article = this.#timeline.find(entry.clientId);
    if (article && !article.hasAttribute("data-state")) return void this.#outbox.settle(entry.clientId);
    if (!article) this.#timeline.addUnstored((article = this.#sketch(entry)));
    const isLeft = isSlow(entry) || (this.#isBarred && entry.state === "waiting");
    const look = entry.state === "refused" ? `refused ${entry.reason}` : isLeft ? `slow ${isSafe(entry)}` : "sending";
    if (this.#looks.get(article) === look) return;
    this.#looks.set(article, look);
    this.#dress(article, entry, look.split(" ", 1)[0]);
    this.#timeline.refresh();
  }

  #dress(article, entry, state) {
    article.dataset.state = state;
    article.querySelector("time").textContent = state === "sending" ? word("sending") : "";
    article.querySelector(".message__note")?.remove();
    if (state !== "sending") article.append(this.#note(entry));
  }

  #note(entry) {
    const { clientId, state, reason } = entry;
    const note = document.getElementById("unsent-note").content.firstElementChild.cloneNode(true);
    const isRefused = state === "refused";
    note.role = isRefused ? "alert" : "status";
    const unsaid = word(isSafe(entry) ? "still_sending" : "not_sent_yet");
    note.querySelector("[data-reason]").textContent = isRefused ? `${word("not_sent")} ${reason}` : unsaid;
    note.addEventListener("click", ({ target: { dataset } }) => {
      if ("retry" in dataset) this.#retry(clientId);
      else if ("discard" in dataset) this.#outbox.discard(clientId);
      else return;
      this.dispatchEvent(new Event("decided"));
    });
    return note;
  }

  /** The message as it will look, made of the page's own template. */
  #sketch(entry) {
    const markup = document.getElementById("own-message").innerHTML.replaceAll(NO_NAME, entry.clientId);
    const article = parse(markup).querySelector("article");
    delete article.dataset.seq;
    delete article.dataset.version;
    Object.assign(article.dataset, { state: "sending", isLocal: "true" });
    article.querySelector("time").dateTime = new Date().toISOString(); // it stands below all others, whenever it was written
    article.querySelector(".message__when").removeAttribute("href");
    article.querySelector(".message__body").innerText = entry.text;
    return article;
  }

  #ask(held) {
    this.#question.hidden = !held.length;
    this.#question.querySelector("h2").textContent = held.length ? counted("held", held.length) : "";
    this.#question.querySelector("ul").replaceChildren(...held.map(inShort));
  }

  #answer(button) {
    for (const { clientId } of this.#outbox.all.filter(isHeld)) {
      if ("send" in button.dataset) this.#outbox.retry(clientId);
      else this.#outbox.discard(clientId);
    }
    this.dispatchEvent(new Event("decided"));
  }
}

function inShort({ channel, text }) {
  const item = document.createElement("li");
  const where = Object.assign(document.createElement("bdi"), { textContent: `#${channel}` });
  const what = Object.assign(document.createElement("span"), { textContent: text, dir: "auto" });
  item.append(where, " ", what);
  return item;
}
