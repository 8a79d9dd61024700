/* How far the viewer has read: told once the newest message is in sight of somebody who looks; the line above what was new
when they came; "Mark as unread from here", after which nothing is told until the channel is opened again. */

import { request } from "chat/csrf";
import { live } from "chat/live";
import { toast } from "chat/toasts";
import { unread } from "chat/unread";
import { word } from "chat/words";

const TOLD_EVERY_MS = 3_000;

export class Reading {
  #timeline;
  #seq; // up to here it is read, or about to be told so
  #known; // where the server's pointer stood when it was last heard of
  #toldAt = 0;
  #timer = null;
  #isStopped = false;

  constructor(timeline) {
    this.#timeline = timeline;
    this.#seq = this.#known = Number(timeline.element.dataset.lastReadSeq);
  }

  start() {
    const region = this.#timeline.element;
    this.#timeline.addEventListener("settled", () => this.#look());
    this.#timeline.addEventListener("arrived", ({ detail }) => this.#arrived(detail.article));
    addEventListener("focus", () => this.#look());
    addEventListener("pagehide", () => this.#timer && this.#tell({ keepalive: true }));
    addEventListener("blur", () => this.#timeline.newestToRead <= this.#seq && this.#line?.remove());
    unread.addEventListener("read", () => this.#isSeen && unread.mark(region.dataset.slug, this.#seq));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape(event));
    region.addEventListener("click", (event) => {
      const button = event.target.closest("[data-unread]");
      if (button) this.#stopAt(button, event);
    });
    this.#look();
  }

  /** The server's pointer stands at `seq`. Lower than this page told it: somebody marked something as unread elsewhere. */
  heard(seq) {
    if (Date.now() - this.#toldAt < TOLD_EVERY_MS) return; // perhaps from before
    if (seq < this.#known) this.#isStopped = true;
    this.#known = seq;
    this.#seq = Math.max(this.#seq, seq);
  }

  get #line() {
    return document.getElementById("new");
  }

  get #isWatched() {
    return document.hasFocus() && !document.hidden && this.#timeline.isLatest && this.#timeline.isAtEnd;
  }

  get #isSeen() {
    return this.#isWatched && !this.#isStopped && this.#timeline.newestToRead <= this.#seq;
  }

  #look() {
    const { newestToRead } = this.#timeline;
    if (this.#isStopped || !this.#isWatched || newestToRead <= this.#seq) return;
    this.#seq = newestToRead;
    unread.mark(this.#timeline.element.dataset.slug, newestToRead);
    this.#timer ??= setTimeout(() => this.#tell(), this.#toldAt + TOLD_EVERY_MS - Date.now());
  }

  async #tell({ keepalive = false } = {}) {
    this.#forgetToTell();
    this.#toldAt = Date.now();
    const { readUrl, username } = this.#timeline.element.dataset;
    const seq = this.#seq;
    try {
      const body = new URLSearchParams({ seq, known: this.#known, author: username });
      const { ok } = await request(readUrl, { method: "POST", body, keepalive });
      if (ok) this.#known = Math.max(this.#known, seq);
    } catch (error) {
      console.info("Not marked as read:", error.message); // the next message tells it again
    }
  }

  #forgetToTell() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #escape(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open], :popover-open") || !this.#timeline.isLatest) return;
    this.#isStopped = false;
    this.#timeline.goToEnd();
    this.#look();
  }

  /** A line above the first message that comes while nobody looks. */
  #arrived(article) {
    if (!this.#isWatched && !this.#line) this.#drawLine(article);
  }

  #drawLine(article) {
    const line = this.#line ?? Object.assign(document.createElement("div"), { id: "new", className: "timeline__new" });
    line.textContent = word("new");
    article.before(line);
    this.#timeline.refresh();
  }

  async #stopAt(button, event) {
    event.preventDefault();
    this.#isStopped = true;
    this.#forgetToTell();
    try {
      const body = new URLSearchParams({ author: this.#timeline.element.dataset.username });
      const { ok } = await request(button.formAction, { method: "POST", body });
      if (!ok) throw new Error("refused");
      const article = button.closest(".message");
      this.#seq = this.#known = Number(article.dataset.seq) - 1;
      this.#drawLine(article);
      live.share("sidebar");
    } catch (error) {
      console.info("Not marked as unread:", error.message);
      toast(word("failed"));
    }
  }
}
