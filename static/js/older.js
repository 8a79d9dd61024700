/* Loads older messages when the reader nears the top; without this script they are a page of their own. */

import { parse } from "chat/timeline";
import { word } from "chat/words";

const AHEAD = "600px 0px 0px 0px";
const TIMEOUT_MS = 15_000;

export class Older {
  #timeline;
  #paragraph;
  #link;
  #start;
  #observer;
  #isLoading = false;

  constructor(timeline) {
    this.#timeline = timeline;
    this.#paragraph = timeline.element.querySelector(".timeline__older");
    this.#link = this.#paragraph.querySelector("a");
    this.#start = timeline.element.querySelector(".timeline__start");
  }

  start() {
    this.#observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#load(), {
      root: this.#timeline.element,
      rootMargin: AHEAD,
    });
    this.#observer.observe(this.#paragraph);
    this.#link.addEventListener("click", (event) => {
      event.preventDefault();
      this.#load();
    });
    this.#timeline.addEventListener("cleared", () => this.#continueFrom(""));
    this.#timeline.addEventListener("reset", (event) => this.#continueFrom(event.detail.oldest ?? ""));
  }

  async #load() {
    const { before } = this.#link.dataset;
    if (this.#isLoading || !before) return;
    this.#isLoading = true;
    this.#link.textContent = word("loading_older");
    try {
      const older = await this.#fetchBefore(before);
      if (this.#link.dataset.before !== before) return; // cleared or replaced meanwhile
      this.#timeline.prepend(older.querySelectorAll(":scope > article"));
      this.#continueFrom(older.dataset.before);
      this.#lookAgain();
    } catch (error) {
      console.info("Loading older messages failed:", error.message);
      this.#link.textContent = word("older_failed");
    } finally {
      this.#isLoading = false;
    }
  }

  async #fetchBefore(before) {
    const response = await fetch(`${this.#timeline.element.dataset.messagesUrl}?before=${before}`, {
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const older = response.ok ? parse(await response.text()).querySelector("[data-older]") : null;
    if (!older) throw new Error(`status ${response.status}`);
    return older;
  }

  #continueFrom(before) {
    this.#link.dataset.before = before;
    this.#link.href = `?before=${before}`;
    this.#link.textContent = word("older");
    this.#paragraph.hidden = !before;
    this.#start.hidden = Boolean(before);
  }

  /** The observer tells of changes only; the top may still be in sight after a short page. */
  #lookAgain() {
    this.#observer.unobserve(this.#paragraph);
    this.#observer.observe(this.#paragraph);
  }
}
