/* What is unread: the numbers beside the channels, in the title and on the icon. They stand in the sidebar, each as of a
version of its channel, and follow what the stream counts; where a step is missing, the sidebar is read again: by one tab,
for all. */

import { live } from "chat/live";
import { parse } from "chat/timeline";

const MOST_SHOWN = 999;
const MOST_ON_ICON = 99;
const READ_AGAIN_AFTER_MS = 300; // more may have happened to it by then
const READ_EVERY_MS = 10_000; // while nothing comes by itself
const TIMEOUT_MS = 15_000;
const STEPS_KEPT = 100; // of each channel; as many as may be counted while the sidebar is being read

/** Event: "read", when the sidebar was read again (detail.askedAt). */
class Unread extends EventTarget {
  #username;
  #url;
  #isBadged = false;
  #title = document.title;
  #timer = null;
  #steps = new Map(); // by channel: what was counted lately
  #askedAt = 0;
  #isOver = false; // nobody is logged in

  start({ username, url }) {
    this.#username = username;
    this.#url = url;
    live.addEventListener("count", ({ detail }) => this.#count(detail));
    live.addEventListener("sidebar", () => this.#readSoon());
    live.addEventListener("places", ({ detail }) => this.#replace(detail));
    live.addEventListener("mark", ({ detail }) => this.#mark(detail));
    live.addEventListener("bye", () => (this.#isOver = true));
    live.addEventListener("up", () => {
      this.#isOver = false;
      this.#readSoon();
    });
    setInterval(() => live.isUp || this.#isOver || document.hidden || this.#read(), READ_EVERY_MS * (0.8 + Math.random() * 0.4));
    this.#drawSum();
  }

  /** Everything up to number `seq` was seen, which is all there is: here and in the other tabs. */
  mark(slug, seq) {
    live.share("mark", { slug, seq });
  }

  /** Another page was read, with `list` as its sidebar's. */
  arrive({ title, list, askedAt }) {
    this.#title = title;
    if (list) this.#show(list, askedAt);
    this.#drawSum();
  }

  isListed(slug) {
    return Boolean(find(slug));
  }

  /** Up to which number all is read, as far as this page knows. */
  lastRead(slug) {
    return Number(find(slug)?.dataset.lastRead ?? Infinity);
  }

  /** How often something was marked as unread there, as far as this page knows. */
  unreadMarks(slug) {
    return Number(find(slug)?.dataset.unreadMarks ?? 0);
  }

  #mark({ slug, seq }) {
    const place = find(slug);
    if (!place) return;
    place.dataset.lastRead = Math.max(seq, this.lastRead(slug));
    draw(place, 0);
    this.#drawSum();
  }

  #count(step) {
    const { slug } = step;
    this.#steps.set(slug, [...(this.#steps.get(slug) ?? []), step].slice(-STEPS_KEPT));
    const place = find(slug);
    if (!place) return this.#readSoon(); // a conversation that begins
    if (this.#countOn(place, step)) this.#drawSum();
    else this.#readSoon();
  }

  /** Count `step` on top of what `place` says; false when only the server can tell what that makes. */
  #countOn(place, { after, version, new: come, gone }) {
    const { dataset } = place;
    const known = Number(dataset.countVersion);
    if (version <= known) return true;
    const counts = ([seq, author]) => author !== this.#username && seq > Number(dataset.lastRead);
    // Read between two steps of the stream, it has some of the second: which new ones, their numbers tell.
    if (after > known || (after < known && gone.some(counts))) return false;
    const added = come.filter(([seq]) => seq > Number(dataset.lastSeq));
    dataset.countVersion = version;
    dataset.lastSeq = Math.max(dataset.lastSeq, ...added.map(([seq]) => seq));
    const unread = Number(dataset.unread);
    // Beyond what is shown it is not exact, and in a muted channel nothing counts.
    if (unread > MOST_SHOWN || "muted" in dataset) return true;
    draw(place, Math.max(0, unread + added.filter(counts).length - gone.filter(counts).length));
    return true;
  }

  /** Not put off by further wishes, or it would never come while much is said. */
  #readSoon() {
    if (live.isLeading) this.#timer ??= setTimeout(() => this.#read(), READ_AGAIN_AFTER_MS);
  }

  async #read() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const askedAt = Date.now();
    try {
      const response = await fetch(this.#url, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.ok && !response.redirected) live.share("places", { askedAt, html: await response.text() });
    } catch (error) {
      console.info("Reading the sidebar failed:", error.message);
    }
  }

  #replace({ askedAt, html }) {
    const fresh = parse(html).querySelector("#sidebar .sidebar__scroll");
    if (fresh) this.#show(fresh, askedAt);
  }

  /** Have `fresh`, as it was asked for at `askedAt`, in the place of the list. */
  #show(fresh, askedAt) {
    if (askedAt < this.#askedAt) return;
    this.#askedAt = askedAt;
    const list = document.querySelector("#sidebar .sidebar__scroll");
    // A channel that was not in the list, archived or left, may be back in it.
    const current = list.querySelector("[aria-current]")?.getAttribute("href") ?? location.pathname;
    for (const place of fresh.querySelectorAll("[data-channel]")) this.#countFurther(place);
    for (const link of fresh.querySelectorAll("a")) {
      if (link.getAttribute("href") === current) link.ariaCurrent = "page";
    }
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    list.replaceChildren(...fresh.childNodes);
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    this.#drawSum();
    this.dispatchEvent(new CustomEvent("read", { detail: { askedAt } }));
  }

  /** Bring `place`, as the server had it, to where this page is: more was counted while it was asked. */
  #countFurther(place) {
    const slug = place.dataset.channel;
    if ((this.#steps.get(slug) ?? []).every((step) => this.#countOn(place, step))) return;
    this.#readSoon();
    const shown = find(slug);
    if (Number(shown?.dataset.countVersion) > Number(place.dataset.countVersion)) place.replaceWith(shown);
  }

  #drawSum() {
    let sum = 0;
    for (const { dataset } of document.querySelectorAll("[data-channel][data-unread]")) sum += Number(dataset.unread);
    document.title = sum ? `(${shown(sum)}) ${this.#title}` : this.#title;
    showOnApplication(sum);
    this.#drawIcon(sum);
  }

  async #drawIcon(sum) {
    if (!sum && !this.#isBadged) return;
    this.#isBadged = true;
    const { badge } = await import("chat/favicon");
    badge(sum > MOST_ON_ICON ? `${MOST_ON_ICON}+` : sum ? String(sum) : "");
  }
}

export const unread = new Unread();

/** Have the icon of the installed application carry `count`, 0 for none, where there is one. */
export function showOnApplication(count) {
  navigator.setAppBadge?.(count).catch(() => {});
}

function find(slug) {
  return document.querySelector(`.place[data-channel="${CSS.escape(slug)}"]`);
}

function draw(place, unread) {
  place.dataset.unread = unread;
  place.classList.toggle("place--unread", unread > 0);
  place.querySelector(".place__unread").hidden = !unread;
  place.querySelector(".place__count").textContent = shown(unread);
}

function shown(count) {
  return count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count);
}
