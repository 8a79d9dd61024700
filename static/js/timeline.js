/* The messages on the page: puts what the server sends in its place without moving what is being read, and lets go of what
is far from it.

The server's HTML is the state. Stored messages carry data-seq and stand in that order; own messages that are
not stored yet carry data-state instead and stand below them. */

import { dayName, dayOf, localize } from "chat/local_time";

const GROUP_WITHIN_MS = 5 * 60 * 1000;
const AT_THE_END_PX = 32;
const KEPT = 500; // messages

/**
 * Events: "stored" (detail.clientId), "arrived" (detail.article, by somebody else), "newer" (detail.count: unseen below),
 * "cleared", "reset" (detail.oldest), "cut" (detail.newest; what came after it is to be loaded again), "settled" when anything may be in sight that was not.
 */
export class Timeline extends EventTarget {
  #region;
  #messages;
  #viewer;
  #clearedSeq;
  #isAtEnd = true;
  #newer = 0;
  #today = dayOf(new Date());
  #held = new Map();
  #hidden = new Set();
  #gone = new Map(); // by client_id, the version in which a message went: what was asked before brings none back

  constructor(region) {
    super();
    this.#region = region;
    this.#messages = region.querySelector(".timeline__messages");
    this.#viewer = region.dataset.username;
    this.#clearedSeq = Number(region.dataset.clearedSeq);
    region.addEventListener("scroll", () => this.#noticePosition(), { passive: true });
    this.#tidy();
    this.#showFocus();
  }

  get element() {
    return this.#region;
  }

  /** Whether this is the end of the channel; else newer messages are a page of their own. */
  get isLatest() {
    return this.#region.dataset.latest === "true";
  }

  get isAtEnd() {
    return this.#isAtEnd;
  }

  find(clientId) {
    return document.getElementById(`m-${clientId}`);
  }

  /** The number of the newest message by somebody else, 0 when none is loaded. */
  get newestToRead() {
    return Number(this.#stored().findLast((article) => article.dataset.author !== this.#viewer)?.dataset.seq ?? 0);
  }

  /** The first message by somebody else after number `seq`, undefined when none is loaded. */
  firstToRead(seq) {
    return this.#stored().find((article) => article.dataset.author !== this.#viewer && seqOf(article) > seq);
  }

  /** The viewer's newest stored message, null when none is loaded. */
  get lastOwn() {
    return this.#stored().findLast((article) => article.dataset.author === this.#viewer) ?? null;
  }

  /** Apply an answer of the changes address. */
  apply(changes) {
    const articles = [...changes.querySelectorAll(":scope > article")];
    const clearedSeq = Number(changes.dataset.clearedSeq);
    const isCleared = clearedSeq > this.#clearedSeq;
    const isNewDay = this.#today !== dayOf(new Date());
    if (!articles.length && !isCleared && !isNewDay && changes.dataset.reset !== "true") return;
    this.#keepingPosition(() => {
      if (changes.dataset.reset === "true" && this.isLatest) this.#removeAllBut(articles);
      if (isCleared) this.#clear(clearedSeq);
      for (const article of articles) this.#put(article);
      this.#tidy();
    });
  }

  /** Put in a message that the server sent by itself, as the answer to a post or an edit. */
  put(html) {
    const article = parse(html).querySelector("article");
    if (!article) return;
    this.#keepingPosition(() => {
      this.#put(article);
      this.#tidy();
    });
  }

  /** The number of the first message in sight, 0 when there is none. */
  get readFrom() {
    return Number(this.#inSight().find((article) => article.dataset.seq)?.dataset.seq ?? 0);
  }

  /** Put messages above or below that were loaded; `isLatest` when nothing comes after them. */
  load(articles, { isLatest = this.isLatest } = {}) {
    this.#quietly(() => {
      for (const article of articles) if (this.#isNew(article.dataset)) this.#place(article);
      this.#region.dataset.latest = isLatest;
    });
  }

  /** Have these messages in place of all that were here. */
  renew(articles, { isLatest }) {
    this.#quietly(() => {
      this.#removeAllBut(articles);
      this.#region.dataset.latest = isLatest;
      for (const article of articles) {
        if (this.#isNew(article.dataset)) this.#place(article);
        else this.#put(article);
      }
    });
  }

  /** What was said long ago is not news. */
  #quietly(change) {
    const wasLive = this.#region.ariaLive;
    this.#region.ariaLive = "off";
    this.#keepingPosition(() => {
      change();
      this.#tidy();
    });
    requestAnimationFrame(() => (this.#region.ariaLive = wasLive));
  }

  /** Show an own message that is on its way. */
  addUnstored(article) {
    article.ariaLive = "off";
    this.#keepingPosition(() => {
      this.#messages.append(article);
      this.#tidy();
    });
  }

  remove(clientId) {
    const article = this.find(clientId);
    if (!article) return;
    this.#held.delete(clientId);
    if (article.dataset.version) this.#gone.set(clientId, Number(article.dataset.version));
    this.#keepingPosition(() => {
      article.remove();
      this.#tidy();
    });
  }

  /** Take a message out, and do not show it again whatever the server sends: its author takes it back. */
  hide(clientId) {
    this.#hidden.add(clientId);
    this.remove(clientId);
  }

  /** Bring headings, days and times in order after somebody else changed the messages. */
  refresh() {
    this.#keepingPosition(() => this.#tidy());
  }

  /** The message is not being edited any more: apply what came for it in the meantime. */
  release(clientId) {
    const article = this.#held.get(clientId);
    this.#held.delete(clientId);
    if (article) {
      this.#keepingPosition(() => {
        this.#put(article);
        this.#tidy();
      });
    }
  }

  goToEnd() {
    this.#region.scrollTop = 0; // the timeline is reversed: 0 is its end
    this.#noticePosition();
  }

  #put(article) {
    const { clientId, version } = article.dataset;
    if (this.#hidden.has(clientId)) return;
    const shown = this.find(clientId);
    const isUnstored = shown?.hasAttribute("data-state");
    if (shown && !isUnstored && Number(version) <= Number(shown.dataset.version)) return;
    if (Number(version) <= this.#gone.get(clientId)) return;
    if (shown?.querySelector(".edit-form")) {
      this.#held.set(clientId, article);
      return;
    }
    if ("deleted" in article.dataset) {
      this.#gone.set(clientId, Number(version));
      shown?.remove();
    } else if (shown && !isUnstored) {
      keepLook(shown, article);
      shown.replaceWith(article);
    } else {
      this.#insert(article, shown);
    }
    if (isUnstored) this.#tell("stored", { clientId });
  }

  #insert(article, unstored) {
    const seq = Number(article.dataset.seq);
    const stored = this.#stored();
    const isBelow = stored.length === 0 || seq > seqOf(stored.at(-1));
    const isOwn = article.dataset.author === this.#viewer;
    if (seq <= this.#clearedSeq || seq < this.#loadedFrom || (isBelow && !this.isLatest)) {
      unstored?.remove(); // not part of what this page shows
      return;
    }
    if (isOwn) article.ariaLive = "off";
    unstored?.remove();
    this.#place(article);
    if (isBelow && !isOwn) this.#tell("arrived", { article });
    if (isBelow && !isOwn && !this.#isAtEnd) {
      this.#newer += 1;
      this.#tell("newer", { count: this.#newer });
    }
  }

  #isNew({ clientId }) {
    return !this.find(clientId) && !this.#hidden.has(clientId);
  }

  /** Put a stored message where its number belongs. */
  #place(article) {
    const above = this.#stored().findLast((other) => seqOf(other) < seqOf(article));
    if (above) above.after(article);
    else this.#messages.insertBefore(article, this.#messages.querySelector(".message, .separator, .timeline__new"));
  }

  #clear(upTo) {
    this.#clearedSeq = upTo;
    for (const article of this.#stored()) if (seqOf(article) <= upTo) article.remove();
    this.#tell("cleared");
  }

  #removeAllBut(articles) {
    const kept = new Set(articles.map((article) => article.dataset.clientId));
    for (const article of this.#stored()) {
      const isEdited = Boolean(article.querySelector(".edit-form")); // a text that nobody else has
      if (!kept.has(article.dataset.clientId) && !isEdited) article.remove();
    }
    this.#tell("reset", { oldest: articles.length ? seqOf(articles[0]) : null });
  }

  /** Let go of what is far from `read`, a message or null for the end: it loads again when somebody scrolls there. */
  #shorten(read) {
    const stored = this.#stored();
    const at = read ? stored.indexOf(read) : stored.length;
    const from = Math.min(Math.max(0, at - KEPT / 2), stored.length - KEPT);
    if (from < 0) return;
    const [above, kept, below] = [stored.slice(0, from), stored.slice(from, from + KEPT), stored.slice(from + KEPT)];
    const far = [...above, ...below];
    if (!far.length || far.some((article) => article.querySelector(".edit-form"))) return;
    if (below.length && this.#messages.querySelector(":scope > [data-state]")) return; // it stands below all others
    for (const article of far) article.remove();
    this.#tidy();
    if (above.length) this.#tell("reset", { oldest: seqOf(kept[0]) });
    if (below.length) this.#cutAfter(seqOf(kept.at(-1)));
  }

  #cutAfter(newest) {
    this.#region.dataset.latest = false;
    this.#newer = 0;
    this.#tell("newer", { count: 0 });
    this.#tell("cut", { newest });
  }

  /** Times in the reader's zone, one heading for what one person says in a row, a line between days. */
  #tidy() {
    this.#today = dayOf(new Date());
    const spare = new Set(this.#messages.querySelectorAll(".separator"));
    let before = null;
    for (const article of this.#messages.querySelectorAll(":scope > .message")) {
      if (!article.dataset.isLocal) {
        localize(article);
        article.dataset.isLocal = "true";
      }
      const moment = new Date(article.querySelector("time").dateTime);
      const isNewDay = !before || dayOf(before.moment) !== dayOf(moment);
      const isBelowLine = article.previousElementSibling?.matches(".timeline__new");
      const isGrouped =
        !isNewDay && !isBelowLine && before.author === article.dataset.author && moment - before.moment < GROUP_WITHIN_MS;
      article.classList.toggle("message--grouped", isGrouped);
      if (isNewDay) this.#announceDay(article, moment, spare);
      before = { author: article.dataset.author, moment };
    }
    for (const separator of spare) separator.remove();
    this.#messages.querySelector(".timeline__new:not(:has(~ .message))")?.remove();
  }

  /** A line with the day above `article`; what stands right is left alone, or it would be read out again. */
  #announceDay(article, moment, spare) {
    const above = article.previousElementSibling;
    const separator = spare.has(above) ? above : Object.assign(document.createElement("div"), { className: "separator" });
    spare.delete(separator);
    if (separator !== above) article.before(separator);
    const name = dayName(moment);
    if (separator.textContent !== name) separator.textContent = name;
  }

  /** Run `change` so that the first message in sight stays where it is, or the end stays in sight. */
  #keepingPosition(change) {
    const wasAtEnd = this.#isAtEnd && this.isLatest;
    const anchors = wasAtEnd ? [] : this.#inSight().map((article) => [article.id, article.getBoundingClientRect().top]);
    change();
    if (wasAtEnd) {
      this.#shorten(null);
      this.goToEnd();
      return;
    }
    const [id, was] = anchors.find(([name]) => document.getElementById(name)) ?? [];
    const article = document.getElementById(id);
    if (!article) return;
    this.#shorten(article);
    const moved = article.getBoundingClientRect().top - was;
    if (moved) this.#region.scrollTop += moved;
  }

  /** The messages from the first one in sight on. */
  #inSight() {
    const { top } = this.#region.getBoundingClientRect();
    const articles = [...this.#messages.querySelectorAll(":scope > .message")];
    return articles.filter((article) => article.getBoundingClientRect().bottom > top);
  }

  #noticePosition() {
    this.#isAtEnd = this.#region.scrollTop > -AT_THE_END_PX;
    if (this.#isAtEnd && this.#newer) {
      this.#newer = 0;
      this.#tell("newer", { count: 0 });
    }
    this.#tell("settled");
  }

  #showFocus() {
    const focus = this.#messages.querySelector(".message--focus");
    this.#messages.querySelector(".timeline__new")?.scrollIntoView({ block: "nearest" });
    if (!focus) return this.#noticePosition();
    focus.scrollIntoView({ block: "center" });
    focus.tabIndex = -1;
    focus.focus({ preventScroll: true });
    this.#noticePosition();
  }

  /** From which number on all is loaded; not the first one shown, which may be an own message ahead of others. */
  get #loadedFrom() {
    return Number(this.#messages.querySelector(".timeline__older a").dataset.before);
  }

  #stored() {
    return [...this.#messages.querySelectorAll(":scope > .message:not([data-state])")];
  }

  #tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** The elements of a fragment that the server sent. */
export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

function seqOf(article) {
  return Number(article.dataset.seq);
}

/** What the page alone knows of a message stays with its new version. */
function keepLook(shown, article) {
  for (const name of ["message--focus", "message--active"]) {
    article.classList.toggle(name, shown.classList.contains(name));
  }
  article.querySelector(".message__fold").open = shown.querySelector(".message__fold").open;
  article.ariaLive = shown.ariaLive;
}
