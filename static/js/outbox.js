/* Own messages on their way: one post at a time, in order, under the same name until the server has it.

An entry is "sending" (waiting or posted), "accepted" (the server has it, not shown as stored yet) or "failed".
It leaves when the timeline shows the stored message, when it is refused, or when its author discards it. */

import { parse } from "chat/timeline";
import { word } from "chat/words";

const RETRIES_AFTER_S = [1, 2, 4, 8, 15];
const TIMEOUT_MS = 10_000;
const NO_NAME = "00000000-0000-0000-0000-000000000000";

/** A post that was answered with a refusal: sending the same again is of no use. */
class Refused extends Error {}

/** Events: "refused" (detail: text, reason; call preventDefault when the text was taken back), "posted" (detail.isStored),
 * "failing" (no answer, it will try again), "changed" (who waits, who does not). */
export class Outbox extends EventTarget {
  #timeline;
  #url;
  #author;
  #token;
  #entries = [];
  #isPosting = false;
  #wake = null;

  /** `author` is whom the page was made for; `token` gives the CSRF token of the moment. */
  constructor(timeline, { url, author, token }) {
    super();
    this.#timeline = timeline;
    this.#url = url;
    this.#author = author;
    this.#token = token;
    timeline.addEventListener("stored", (event) => this.#drop(this.#entry(event.detail.clientId)));
  }

  /** How many messages the server does not have yet. */
  get unsent() {
    return this.#entries.filter((entry) => entry.state !== "accepted").length;
  }

  /** How many of them will be sent without anybody doing anything. */
  get waiting() {
    return this.#entries.filter((entry) => entry.state === "sending").length;
  }

  send(text) {
    const entry = { clientId: newName(), text, state: "sending", failures: 0 };
    this.#entries.push(entry);
    this.#timeline.addUnstored(this.#sketch(entry));
    this.#changed();
    this.#run();
  }

  /** The server answers again: do not wait any longer. */
  hurry() {
    this.#wake?.();
  }

  async #run() {
    if (this.#isPosting) return;
    this.#isPosting = true;
    for (let entry; (entry = this.#entries.find((other) => other.state === "sending")); ) await this.#deliver(entry);
    this.#isPosting = false;
  }

  async #deliver(entry) {
    try {
      await this.#post(entry);
      entry.failures = 0;
    } catch (error) {
      if (error instanceof Refused) this.#refuse(entry, error.message);
      else await this.#retryLater(entry, error.retryAfterS);
    }
    this.#changed();
  }

  async #post(entry) {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": this.#token() },
      // The author, because somebody else may have logged in in another tab: refused, not said in their name.
      body: new URLSearchParams({ text: entry.text, client_id: entry.clientId, author: this.#author }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.redirected || response.status === 401) throw new Refused(word("log_in_first"));
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : {};
    if (response.status === 429 || response.status >= 500) {
      throw Object.assign(new Error(), { retryAfterS: Number(response.headers.get("Retry-After")) || 0 });
    }
    if (!response.ok) throw new Refused(answer.message || word("failed"));
    if (entry.state === "sending") entry.state = "accepted";
    const isStored = answer.status === "sent";
    if (isStored) this.#settle(entry, answer.html);
    this.dispatchEvent(new CustomEvent("posted", { detail: { isStored } }));
  }

  #settle(entry, html) {
    if (html) this.#timeline.put(html);
    else this.#timeline.remove(entry.clientId); // stored, and deleted since
    this.#drop(entry);
  }

  #refuse(entry, reason) {
    if (!this.#entries.includes(entry)) return;
    const detail = { text: entry.text, reason };
    const isTakenBack = !this.dispatchEvent(new CustomEvent("refused", { detail, cancelable: true }));
    if (isTakenBack) this.#discard(entry);
    else this.#fail(entry, reason);
  }

  async #retryLater(entry, retryAfterS) {
    if (entry.failures >= RETRIES_AFTER_S.length) {
      // Those behind it would overtake it: they stop too, and go again together.
      for (const other of this.#entries) if (other.state === "sending") this.#fail(other);
      return;
    }
    const wait = Math.max(RETRIES_AFTER_S[entry.failures], Math.min(retryAfterS ?? 0, 30));
    entry.failures += 1;
    this.dispatchEvent(new Event("failing"));
    this.#changed();
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, wait * 1000);
    });
    this.#wake = null;
  }

  #fail(entry, reason = "") {
    entry.state = "failed";
    entry.reason = reason;
    this.#draw(entry);
  }

  /** Send again: a refused one as a new message, else all that failed for want of an answer, in their order. */
  #retry(entry) {
    if (entry.reason) {
      this.#discard(entry);
      this.send(entry.text);
      return;
    }
    for (const other of this.#entries) {
      if (other.state !== "failed" || other.reason) continue;
      other.state = "sending";
      other.failures = 0;
      this.#draw(other);
    }
    this.#changed();
    this.#run();
  }

  #discard(entry) {
    this.#timeline.remove(entry.clientId);
    this.#drop(entry);
  }

  #drop(entry) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#changed();
  }

  #entry(clientId) {
    return this.#entries.find((entry) => entry.clientId === clientId);
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }

  /** The message as it will look, made of the page's own template. */
  #sketch(entry) {
    const { username, name, initials, hue } = this.#timeline.element.dataset;
    const markup = document.getElementById("own-message").innerHTML.replaceAll(NO_NAME, entry.clientId);
    const article = parse(markup).querySelector("article");
    delete article.dataset.seq;
    delete article.dataset.version;
    Object.assign(article.dataset, { author: username, state: "sending", isLocal: "true" });
    Object.assign(article.querySelector(".avatar"), { textContent: initials }).dataset.hue = hue;
    Object.assign(article.querySelector(".message__author"), { textContent: name, title: `@${username}` });
    article.querySelector("time").dateTime = new Date().toISOString();
    article.querySelector("time").textContent = word("sending");
    article.querySelector(".message__when").removeAttribute("href");
    article.querySelector(".message__body").innerText = entry.text;
    return article;
  }

  #draw(entry) {
    const article = this.#timeline.find(entry.clientId);
    if (!article) return;
    article.dataset.state = entry.state;
    article.querySelector(".message__note")?.remove();
    const hasFailed = entry.state === "failed";
    article.querySelector("time").textContent = hasFailed ? "" : word("sending");
    if (hasFailed) article.append(this.#note(entry));
    this.#timeline.refresh();
  }

  #note(entry) {
    const note = document.getElementById("unsent-note").content.firstElementChild.cloneNode(true);
    if (entry.reason) note.querySelector("[data-reason]").append(` ${entry.reason}`);
    note.querySelector("[data-retry]").addEventListener("click", () => this.#retry(entry));
    note.querySelector("[data-discard]").addEventListener("click", () => this.#discard(entry));
    note.role = "alert";
    return note;
  }
}

/** A new version 4 UUID; `crypto.randomUUID` is not there on plain HTTP. */
function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
