/* Notices that the browser shows of messages in channels whose members want that: one for each message, by the tab that has
the stream, and none while the channel is looked at in any tab. Whether a channel is one of those the server says. */

import { live } from "chat/live";
import { go } from "chat/pages";
import { parse } from "chat/timeline";
import { toast } from "chat/toasts";
import { unread } from "chat/unread";
import { filled, isolated, word } from "chat/words";

const LOOKS_ANSWERED_WITHIN_MS = 200;
const TIMEOUT_MS = 15_000;
const MOST_CHARACTERS = 120;

/** Whether this browser may show notices; asks its user when that was not asked yet. Call it from a press of theirs alone. */
export async function allowNotices() {
  const permission = "Notification" in window ? await Notification.requestPermission() : "denied";
  if (permission !== "granted") toast(word(permission === "denied" ? "notices_denied" : "notices_not_allowed"));
  return permission === "granted";
}

/** Show what was counted in the channel of `place`, its entry in the sidebar. */
export async function showNotices(place, { slug, after, new: come }) {
  const { username } = document.body.dataset;
  const wanted = new Set(come.filter(([seq, author]) => author !== username && seq > unread.lastRead(slug)).map(([seq]) => seq));
  if (!wanted.size || (await isLookedAt(slug))) return;
  try {
    const response = await fetch(`${place.pathname}changes/?after=${after}`, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok || response.redirected) throw new Error(`status ${response.status}`);
    const changes = parse(await response.text());
    const blocked = changes.querySelector("[data-changes]")?.dataset.blocked.split(" ") ?? [];
    for (const article of changes.querySelectorAll(".message:not([data-deleted])")) {
      if (wanted.has(Number(article.dataset.seq)) && !blocked.includes(article.dataset.author)) show(article, place);
    }
  } catch (error) {
    console.info("No notice:", error.message);
  }
}

function show(article, place) {
  const name = article.querySelector(".message__author").textContent;
  const channel = place.querySelector("bdi").textContent;
  const text = article.querySelector(".message__body").innerText.trim();
  const address = article.querySelector(".message__when").href;
  put(titleOf(place, name, channel), address, {
    body: Array.from(text).slice(0, MOST_CHARACTERS).join(""),
    tag: article.dataset.clientId, // another notice of the same message takes its place
    data: address, // for the service worker
  });
}

/** By this page, and where a page may not (Chrome on Android) by the service worker, which leads to `address` too. */
async function put(title, address, options) {
  let notice;
  try {
    notice = new Notification(title, options);
  } catch {
    return (await navigator.serviceWorker?.getRegistration())?.showNotification(title, options);
  }
  return notice.addEventListener("click", () => {
    notice.close();
    focus();
    go(address);
  });
}

/** Whether somebody has the channel before their eyes, in any tab of this browser. */
function isLookedAt(slug) {
  return new Promise((resolve) => {
    const answer = ({ detail }) => detail === slug && resolve(true);
    live.addEventListener("looks", answer);
    setTimeout(() => {
      live.removeEventListener("looks", answer);
      resolve(false);
    }, LOOKS_ANSWERED_WITHIN_MS);
    live.share("who-looks", slug);
  });
}

function titleOf({ dataset }, name, channel) {
  return dataset.kind === "direct" ? name : filled(word("notice_title"), { a: isolated(name), b: isolated(channel) });
}
