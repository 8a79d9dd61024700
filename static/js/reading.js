/* How far the viewer has read: told once the newest message is in sight of somebody who looks; the line above what was new
when they came; "Mark as unread from here", on whatever device, after which nothing is told until the channel is opened
again. */

import { request } from "chat/csrf";
import { live } from "chat/live";
import { isPressed } from "chat/shortcuts";
import { toast } from "chat/toasts";
import { unread } from "chat/unread";
import { word } from "chat/words";

const TOLD_EVERY_MS = 3_000;

export class Reading {
  #timeline;
  #seq; // up to here it is read, or about to be told so
  #known; // where the server's pointer stood when it was last heard of
  #marks; // how often something had been marked as unread by then
  #heardAt = 0;
  #toldAt = 0;
  #timer = null;
  #isStopped = false;
  #signal;

  /** Aborting `signal` ends it. */
  constructor(timeline, signal) {
    this.#timeline = timeline;
    this.#signal = signal;
    const { lastReadSeq, unreadMarks } = timeline.element.dataset;
    this.#seq = this.#known = Number(lastReadSeq);
    this.#marks = Number(unreadMarks);
  }

  start() {
    const region = this.#timeline.element;
    this.#timeline.addEventListener("settled", () => this.#look());
    this.#timeline.addEventListener("arrived", ({ detail }) => this.#arrived(detail.article));
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal: this.#signal });
    on(window, "focus", () => this.#look());
    on(document, "visibilitychange", () => this.#look()); // may come after the focus, or alone
    on(window, "pagehide", () => this.#timer && this.#tell({ keepalive: true }));
    // With the signal itself it would never be heard: what listens with one is gone before that is told.
    this.#signal.addEventListener("abort", () => this.#timer && this.#tell({ keepalive: true }));
    on(window, "blur", () => this.#timeline.newestToRead <= this.#seq && this.#removeLine());
    on(unread, "read", ({ detail }) => this.#hearSidebar(detail.askedAt));
    on(document, "keydown", (event) => isPressed(event, "read") && this.#escape(event));
    region.addEventListener("click", (event) => {
      const button = event.target.closest("[data-unread]");
      if (button) this.#stopAt(button, event);
    });
    this.#look();
  }

  /**
   * The server's pointer stands at `seq`, says an answer that was asked for at `askedAt`. Lower than it was known to be,
   * or after more `marks`: somebody marked something as unread, on another device or in another tab.
   */
  heard(seq, marks = 0, askedAt) {
    if (askedAt < this.#heardAt) {
      if (seq !== this.#known || marks > this.#marks) live.share("sidebar"); // nobody knows which of the two is older
      return;
    }
    this.#heardAt = Date.now();
    const isMarked = marks > this.#marks && seq < this.#timeline.newestToRead; // and not read again since
    this.#marks = Math.max(this.#marks, marks);
    if (seq < this.#known || isMarked) this.#stop(seq);
    // Read to the end on another device: the channel was opened again.
    else if (seq > this.#known && seq >= this.#timeline.newestToRead) this.#isStopped = false;
    this.#known = seq;
    this.#seq = Math.max(this.#seq, seq);
  }

  get #line() {
    return document.getElementById("new");
  }

  get #isWatched() {
    return document.hasFocus() && !document.hidden && this.#timeline.isLatest && this.#timeline.isAtEnd;
  }

  get #slug() {
    return this.#timeline.element.dataset.slug;
  }

  #look() {
    const { newestToRead } = this.#timeline;
    if (this.#isStopped || !this.#isWatched || newestToRead <= this.#seq) return;
    this.#seq = newestToRead;
    unread.mark(this.#slug, newestToRead);
    this.#timer ??= setTimeout(() => this.#tell(), this.#toldAt + TOLD_EVERY_MS - Date.now());
  }

  /** The sidebar is as the server has it, which is not told of everything yet. */
  #hearSidebar(askedAt) {
    const seq = unread.lastRead(this.#slug);
    if (seq < Infinity) this.heard(seq, unread.unreadMarks(this.#slug), askedAt);
    if (!this.#isStopped && seq < this.#seq && this.#timeline.newestToRead <= this.#seq) unread.mark(this.#slug, this.#seq);
  }

  async #tell({ keepalive = false } = {}) {
    this.#forgetToTell();
    this.#toldAt = Date.now();
    const { readUrl, username } = this.#timeline.element.dataset;
    try {
      const body = new URLSearchParams({ seq: this.#seq, known: this.#known, marks: this.#marks, author: username });
      const { ok, last_read_seq: seq, unread_marks: marks } = await request(readUrl, { method: "POST", body, keepalive });
      if (ok) this.heard(seq, marks, this.#toldAt);
      if (this.#isStopped) live.share("sidebar"); // where all was marked as read meanwhile
    } catch (error) {
      console.info("Not marked as read:", error.message); // the next message tells it again
    }
  }

  #forgetToTell() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #escape(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open], :popover-open, .aside") || !this.#timeline.isLatest) return;
    this.#isStopped = false;
    this.#timeline.goToEnd();
    this.#look();
  }

  /** A line above the first message that comes while nobody looks. */
  #arrived(article) {
    if (!this.#isWatched && !this.#line) this.#drawLine(article);
  }

  #drawLine(article) {
    if (!article) return;
    const line = this.#line ?? Object.assign(document.createElement("div"), { id: "new", className: "timeline__new" });
    line.textContent = word("new");
    article.before(line);
    this.#timeline.refresh();
  }

  #removeLine() {
    if (!this.#line) return;
    this.#line.remove();
    this.#timeline.refresh();
  }

  /** From here on nothing is told; what follows `seq` is unread. */
  #stop(seq) {
    this.#isStopped = true;
    this.#forgetToTell();
    this.#seq = this.#known = seq;
    this.#drawLine(this.#timeline.firstToRead(seq));
  }

  async #stopAt(button, event) {
    event.preventDefault();
    this.#isStopped = true;
    this.#forgetToTell();
    try {
      const body = new URLSearchParams({ author: this.#timeline.element.dataset.username });
      const { ok } = await request(button.formAction, { method: "POST", body });
      if (!ok) throw new Error("refused");
      this.#heardAt = Date.now();
      this.#marks += 1;
      this.#stop(Number(button.closest(".message").dataset.seq) - 1);
      live.share("sidebar");
    } catch (error) {
      console.info("Not marked as unread:", error.message);
      toast(word("failed"));
    }
  }
}
