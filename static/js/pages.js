/* Goes from page to page without loading the frame again: the main part of the next page takes the place of this one's,
what this one needed is stopped, what the next one needs is started, and the frame is brought up to date.

Links and forms are plain ones. A form whose `data-renews` names a part of the page leaves the rest as it is, when its answer
is this page again. What is no page for the same person, in the same language and of the same release is loaded
as a whole, and so is what `data-whole` says. */

import { isNothingFocused } from "chat/composer";
import { live } from "chat/live";
import { localize } from "chat/local_time";
import { presence } from "chat/presence";
import { begin } from "chat/progress";
import { carryToasts, takeToasts, toast } from "chat/toasts";
import { unread } from "chat/unread";
import { word } from "chat/words";

const TIMEOUT_MS = 20_000;
const AHEAD_AFTER_MS = 65; // of pointing at a channel: who only passes over it does not want it
const AHEAD_FOR_MS = 4_000;

/** What a page needs that has such an element; each exports `start(element, signal)` and stops when the signal says so. */
const NEEDS = [
  ["#timeline", () => import("chat/channel_page")],
  ["form[data-passkey]", () => import("chat/passkeys")],
];

const positions = new Map(); // by address: how far down it was when it was left
const underway = new WeakSet(); // forms that wait for their answer
let page = new AbortController(); // aborted when another page comes
let visit = {}; // the last one that was begun
let address = location.href; // of the page that is shown
let ahead = null; // a page that was fetched before it was asked for
let pointing = null;

/** Start what this page needs, and take what leads to others. */
export function startPages() {
  startNeeds();
  if (!document.getElementById("main")) return;
  // On the window, behind everybody who has another use for a link or a form.
  addEventListener("click", clicked);
  addEventListener("submit", submitted);
  document.addEventListener("pointerover", pointedAt, { passive: true });
  document.addEventListener("pointerdown", ({ target }) => fetchAhead(linkOf(target)), { passive: true });
  addEventListener("popstate", () => isSamePlace(location, new URL(address)) || go(location.href, { isBack: true }));
}

/**
 * Show the page at `url`; with `isBack` it is one that the browser's buttons led to, with `isMoved` the one that is
 * shown, which has another address now.
 */
export async function go(url, { isBack = false, isMoved = false } = {}) {
  const own = (visit = {});
  const answer = await asking(async () => (await takeAhead(url)) ?? read(url));
  if (own !== visit) return;
  if (answer?.isAhead) tellWorker(url);
  if (answer) show(answer, { url, isBack, isMoved });
  else if (isBack) location.reload(); // its address stands there already
}

function clicked(event) {
  const link = linkOf(event.target);
  const isForAnotherTab = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (event.defaultPrevented || isForAnotherTab || !link) return;
  event.preventDefault();
  go(link.href);
}

/** The link around `target`, if it leads to another page of this site; also from a message, whose links open a new tab. */
function linkOf(target) {
  const link = target.closest?.("a[href]");
  const isElsewhere = link?.target && !link.closest(".message__body");
  if (link?.origin !== location.origin || isElsewhere || link.closest("[download], [data-whole]")) return null;
  return link.hash && isSamePlace(link, location) ? null : link;
}

function submitted(event) {
  const { target: form, submitter } = event;
  const asked = (name) => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? "";
  const url = new URL(asked("action") || location.href, location.href);
  const isWhole = form.closest("[data-whole]") || asked("target") || asked("enctype") || asked("method") === "dialog";
  if (event.defaultPrevented || isWhole || url.origin !== location.origin) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form, submitter));
  if (asked("method") === "post") post(form, url.href, fields);
  else go(Object.assign(url, { search: fields }).href);
}

async function post(form, url, body) {
  if (underway.has(form)) return;
  underway.add(form);
  const own = (visit = {});
  ahead = null;
  const answer = await asking(() => read(url, { method: "POST", body }));
  underway.delete(form);
  if (!answer) return;
  form.closest(".toast")?.remove();
  if (answer.isRedirected) tellWorker(answer.url);
  if (own !== visit) takeToasts(parsed(answer)); // the reader went on, and may still want to undo it
  else if (!renew(form, answer)) show(answer, { url: answer.isRedirected ? answer.url : "", isNews: true });
}

/** What `ask` gives, null when there is no answer, which the reader is told. */
async function asking(ask) {
  const end = begin();
  try {
    return await ask();
  } catch (error) {
    console.info("No page:", error.message);
    toast(word("failed"));
    return null;
  } finally {
    end();
  }
}

async function read(url, { headers = {}, ...options } = {}) {
  const askedAt = Date.now();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { ...options, headers: { Accept: "text/html", ...headers }, signal });
  const isPage = response.headers.get("Content-Type")?.startsWith("text/html");
  const { ok, url: address, redirected: isRedirected } = response;
  return { ok, url: address, isRedirected, askedAt, html: isPage ? await response.text() : "" };
}

function pointedAt({ target, pointerType }) {
  clearTimeout(pointing);
  const link = linkOf(target);
  if (pointerType !== "mouse" || !link?.matches(".place") || navigator.connection?.saveData) return;
  pointing = setTimeout(() => fetchAhead(link), AHEAD_AFTER_MS);
}

function fetchAhead(link) {
  clearTimeout(pointing);
  if (!link || isSamePlace(link, location) || isFresh(link.href)) return;
  const answer = read(link.href, { headers: { "HX-Preloaded": "true" } }).catch(() => null);
  ahead = { url: link.href, at: Date.now(), answer };
}

/** What was fetched ahead of `url`, null when there is nothing of use. */
async function takeAhead(url) {
  if (!isFresh(url)) return null;
  const { answer } = ahead;
  ahead = null;
  const found = await answer;
  return found?.ok ? { ...found, isAhead: true } : null;
}

/** The service worker keeps the page that was seen last, and can't know by itself that it is this one. */
function tellWorker(url) {
  navigator.serviceWorker?.controller?.postMessage({ seen: url });
}

function isFresh(url) {
  return ahead?.url === url && Date.now() - ahead.at < AHEAD_FOR_MS;
}

/** Put `answer` in the place of this page. `url`: its address, "" when it stands in for the page that is shown. */
function show(answer, { url, isBack = false, isMoved = false, isNews = false }) {
  const next = parsed(answer);
  const main = mainOf(next, answer);
  if (!main) {
    carryToasts(next);
    return isBack ? location.reload() : location.assign(answer.url);
  }
  page.abort();
  remember();
  if (url) setAddress(answer.isRedirected ? answer.url : url, isBack || isMoved);
  for (const open of document.querySelectorAll(":popover-open")) open.hidePopover();
  document.activeElement?.blur();
  document.getElementById("main").replaceWith(main); // as it was read: to write it out and read it again takes a while
  htmx.process(main);
  renewFrame(next, answer, isNews);
  startNeeds().then(() => settle(isBack));
}

/** Put into this page the part of `answer` that `form` renews; whether that is all there is to do. */
function renew(form, answer) {
  const selector = form.dataset.renews;
  if (!selector || !answer.ok || new URL(answer.url).pathname !== location.pathname) return false;
  const next = parsed(answer);
  const hadFocus = document.querySelector(selector)?.contains(document.activeElement) || isNothingFocused();
  const fresh = putPart(selector, next);
  if (!fresh) return false;
  renewFrame(next, answer, true);
  if (!hadFocus) return true;
  const again = fresh.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"] button:not([type])`);
  again?.focus();
  if (isNothingFocused()) fresh.querySelector("[popovertarget]")?.focus(); // it is in a menu, which is closed now
  return true;
}

/**
 * Put the part of the page at `url` that `selector` names in the place of this page's, unless `signal` is aborted by then;
 * whether that was done.
 */
export async function renewPart(url, selector, signal) {
  const answer = await read(url, { headers: { "HX-Preloaded": "true" } }).catch(() => null);
  return Boolean(answer?.ok && !signal.aborted && putPart(selector, parsed(answer)));
}

/** Put the part of `next` that `selector` names in the place of this page's; null when it has none or needs another frame. */
function putPart(selector, next) {
  const part = document.querySelector(selector);
  const fresh = isOfThisFrame(next) && next.querySelector(`#main ${selector}`);
  if (!part || !fresh) return null;
  part.replaceWith(fresh);
  document.dispatchEvent(new CustomEvent("renewed"));
  return fresh;
}

/** Without its inline style, which is there already, and which the policy of this page knows nothing of. */
function parsed({ html }) {
  return new DOMParser().parseFromString(html.replace(/<style nonce[^]*?<\/style>/g, ""), "text/html");
}

/** What of `next` is to be shown in this frame, null when it needs another frame. Why something went wrong has none. */
function mainOf(next, { ok }) {
  const door = next.querySelector("body > main.door");
  if (!ok && door) {
    const main = document.getElementById("main").cloneNode();
    main.append(Object.assign(next.createElement("div"), { className: "door" }));
    main.firstChild.append(...door.childNodes);
    return main;
  }
  return isOfThisFrame(next) ? next.getElementById("main") : null;
}

function isOfThisFrame(next) {
  const look = ({ documentElement: root, body, head }) => [
    ...[root, body].flatMap(({ attributes }) => Array.from(attributes, ({ name, value }) => `${name}=${value}`)),
    ...Array.from(head.querySelectorAll("link[rel=stylesheet]"), (link) => link.getAttribute("href")),
    head.querySelector("script[type=importmap]")?.textContent,
  ];
  return JSON.stringify(look(next)) === JSON.stringify(look(document));
}

function remember() {
  const scroller = document.querySelector(".page__body");
  if (scroller) positions.set(address, scroller.scrollTop);
}

/** The fragment is the browser's alone: an answer does not tell it. */
function setAddress(url, isSame) {
  const wanted = new URL(url, location.href);
  if (isSame || isSamePlace(wanted, location)) history.replaceState(null, "", wanted);
  else history.pushState(null, "", wanted);
  address = location.href;
}

function renewFrame(next, { askedAt }, isNews) {
  const current = next.querySelector("#sidebar [aria-current]")?.getAttribute("href");
  const list = next.querySelector("#sidebar .sidebar__scroll");
  unread.arrive({ title: next.title, list, askedAt });
  for (const link of document.querySelectorAll("#sidebar a[href]")) {
    link.ariaCurrent = link.getAttribute("href") === current ? "page" : null;
  }
  if (isNews) renewMe(next);
  takeToasts(next);
}

/** They may have changed their own name or looks. */
function renewMe(next) {
  for (const part of [".sidebar__avatar", ".sidebar__name"]) {
    const fresh = next.querySelector(part);
    if (fresh) document.querySelector(part).replaceWith(fresh);
  }
}

async function startNeeds() {
  const { signal } = (page = new AbortController());
  const main = document.getElementById("main");
  if (main) localize(main);
  live.show(document.getElementById("timeline")?.dataset.slug);
  for (const [selector, load] of NEEDS) {
    const element = document.querySelector(selector);
    if (!element) continue;
    const { start } = await load();
    if (!signal.aborted) start(element, signal);
  }
}

/** Where the keys go, and where the page was left. */
function settle(isBack) {
  presence.refresh();
  const main = document.getElementById("main");
  const heading = main.querySelector("h1") ?? main;
  const first = main.querySelector("[aria-invalid=true], [autofocus]") ?? heading;
  if (isNothingFocused()) {
    heading.tabIndex = -1;
    first.focus({ preventScroll: first === heading });
  }
  const scroller = main.querySelector(".page__body");
  if (scroller && isBack) scroller.scrollTop = positions.get(address) ?? 0;
}

function isSamePlace(one, other) {
  return one.pathname === other.pathname && one.search === other.search;
}
