/* What is unread: the numbers beside the channels, in the title and on the icon. They stand in the sidebar, each as of a
version of its channel, and follow what the stream counts; where a step is missing, the sidebar is read again. */

import { live } from "chat/live";
import { parse } from "chat/timeline";

const MOST_SHOWN = 999;
const MOST_ON_ICON = 99;
const READ_AGAIN_AFTER_MS = 300; // more may have happened to it by then
const READ_EVERY_MS = 10_000; // while nothing comes by itself
const TIMEOUT_MS = 15_000;

/** Event: "read", when the sidebar was read again (detail.askedAt). */
class Unread extends EventTarget {
  #username;
  #url;
  #isBadged = false;
  #title = document.title;
  #timer = null;

  start({ username, url }) {
    this.#username = username;
    this.#url = url;
    live.addEventListener("count", ({ detail }) => this.#count(detail));
    live.addEventListener("sidebar", () => live.isLeading && this.#readSoon());
    live.addEventListener("places", ({ detail }) => this.#replace(detail));
    live.addEventListener("mark", ({ detail }) => this.#mark(detail));
    live.addEventListener("up", () => this.#readSoon());
    setInterval(() => live.isUp || document.hidden || this.#read(), READ_EVERY_MS);
    this.#drawSum();
  }

  /** Everything up to number `seq` was seen, which is all there is: here and in the other tabs. */
  mark(slug, seq) {
    live.share("mark", { slug, seq });
  }

  isListed(slug) {
    return Boolean(find(slug));
  }

  /** Up to which number all is read, as far as this page knows. */
  lastRead(slug) {
    return Number(find(slug)?.dataset.lastRead ?? Infinity);
  }

  #mark({ slug, seq }) {
    const place = find(slug);
    if (!place) return;
    place.dataset.lastRead = Math.max(seq, this.lastRead(slug));
    this.#draw(place, 0);
  }

  #count({ slug, after, version, new: come, gone }) {
    const place = find(slug);
    const known = Number(place?.dataset.countVersion);
    if (!place || version <= known) return;
    if (after !== known) return void this.#readSoon();
    place.dataset.countVersion = version;
    const unread = Number(place.dataset.unread);
    const counts = ([seq, author]) => author !== this.#username && seq > this.lastRead(slug);
    // Beyond what is shown it is not exact, and in a muted channel nothing counts.
    if (unread > MOST_SHOWN || "muted" in place.dataset) return;
    this.#draw(place, Math.max(0, unread + come.filter(counts).length - gone.filter(counts).length));
  }

  #readSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), READ_AGAIN_AFTER_MS);
  }

  async #read() {
    const askedAt = Date.now();
    try {
      const response = await fetch(this.#url, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.ok && !response.redirected) live.share("places", { askedAt, html: await response.text() });
    } catch (error) {
      console.info("Reading the sidebar failed:", error.message);
    }
  }

  #replace({ askedAt, html }) {
    const list = document.querySelector("#sidebar ul");
    const fresh = parse(html).querySelector("#sidebar ul");
    if (!fresh) return;
    const isStale = [...fresh.querySelectorAll("[data-channel]")].some(
      ({ dataset }) => Number(find(dataset.channel)?.dataset.countVersion) > Number(dataset.countVersion),
    );
    if (isStale) return void this.#readSoon(); // it was counted on meanwhile
    for (const link of fresh.querySelectorAll("a")) {
      if (link.pathname === location.pathname) link.ariaCurrent = "page";
    }
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    list.replaceWith(fresh);
    if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    this.#drawSum();
    this.dispatchEvent(new CustomEvent("read", { detail: { askedAt } }));
  }

  #draw(place, unread) {
    place.dataset.unread = unread;
    place.classList.toggle("place--unread", unread > 0);
    place.querySelector(".place__unread").hidden = !unread;
    place.querySelector(".place__count").textContent = shown(unread);
    this.#drawSum();
  }

  #drawSum() {
    let sum = 0;
    for (const { dataset } of document.querySelectorAll("[data-channel][data-unread]")) sum += Number(dataset.unread);
    document.title = sum ? `(${shown(sum)}) ${this.#title}` : this.#title;
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

function find(slug) {
  return document.querySelector(`.place[data-channel="${CSS.escape(slug)}"]`);
}

function shown(count) {
  return count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count);
}
