/* What every page does: local times, notices, shortcuts, the drawer, fresh tokens, the way to other pages, sending what is
unsent, and leaving nothing private behind. */

import { keepTokensFresh } from "chat/csrf";
import { eraseDrafts, eraseDraftsOfOthers, quietly } from "chat/drafts";
import { installWorker } from "chat/installing";
import { live } from "chat/live";
import { localize, rememberTimeZone } from "chat/local_time";
import { countUnsent, eraseOutbox, forgetOutboxesOfOthers } from "chat/outbox";
import { startPages } from "chat/pages";
import { presence } from "chat/presence";
import { startProgress } from "chat/progress";
import { sending } from "chat/sending";
import { startShortcuts } from "chat/shortcuts";
import { takeCarriedToasts, takeToasts } from "chat/toasts";
import { showOnApplication, unread } from "chat/unread";
import { counted, word } from "chat/words";

const COUNTED_AGAIN_AFTER_MS = 500;
const LEAVING = "leaving"; // who pressed Log out in this tab
const WIDE = "(width >= 56rem)"; // where the sidebar and the menu stand in the page, as in the style sheets

rememberTimeZone();
localize(document);
takeToasts(document);
takeCarriedToasts();
keepTokensFresh();
installWorker();
startShortcuts();

document.addEventListener("change", async ({ target }) => {
  if (!target.matches("[data-crops]")) return;
  const { crop } = await import("chat/cropping");
  crop(target);
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copies]");
  if (!button) return;
  const { copy } = await import("chat/copying");
  copy(document.getElementById(button.dataset.copies));
});

// What is open as a drawer must not stay on top of the page once there is room for it in the page.
matchMedia(WIDE).addEventListener("change", () => {
  for (const element of document.querySelectorAll("[popover]:popover-open")) element.hidePopover();
});

const { username, liveUrl, presenceUrl, sidebarUrl } = document.body.dataset;
const channel = () => document.getElementById("timeline")?.dataset.slug;
if (username) {
  presence.start({ url: presenceUrl });
  live.start({ username, url: liveUrl, slug: channel() });
  unread.start({ username, url: sidebarUrl });
  sending.start(username);
} else {
  showOnApplication(0);
}
unread.addEventListener("read", () => presence.refresh()); // the sidebar may show others now
live.addEventListener("who-looks", ({ detail: slug }) => {
  if (slug === channel() && !document.hidden && document.hasFocus()) live.share("looks", slug);
});
live.addEventListener("count", async ({ detail }) => {
  if (!live.isLeading || window.Notification?.permission !== "granted") return;
  if (!unread.isListed(detail.slug)) await new Promise((resolve) => unread.addEventListener("read", resolve, { once: true }));
  const place = document.querySelector(`.place[data-channel="${CSS.escape(detail.slug)}"][data-notified]`);
  if (!place) return;
  const { showNotices } = await import("chat/notices");
  showNotices(place, detail);
});
startPages();
startProgress();

for (const form of document.querySelectorAll("form[data-log-out]")) {
  const { username: leaver } = form.dataset;
  eraseDraftsOfOthers(leaver);
  forgetOutboxesOfOthers(leaver);
  form.addEventListener("submit", (event) => askBeforeLogOut(event, leaver));
  addEventListener("pageshow", (event) => event.persisted && leaveIfLoggedOut());
}

// Only a page without anybody says that the log-out worked; until then everything is needed.
const isLoggedIn = Boolean(document.querySelector("form[data-log-out]"));
addEventListener("pageshow", () => {
  const leaving = quietly(() => sessionStorage.getItem(LEAVING));
  quietly(() => sessionStorage.removeItem(LEAVING));
  if (!leaving || isLoggedIn) return;
  eraseDrafts(leaving);
  eraseOutbox(leaving);
});

/** The browser may bring back a page, by its Back button, that is not for whoever sits there now. */
async function leaveIfLoggedOut() {
  const response = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  if (response?.redirected || response?.status === 401) location.reload();
}

/** Everything of `username` is erased then; when that would lose messages, not before they said so. */
function askBeforeLogOut(event, username) {
  const dialog = document.getElementById("log-out-dialog"); // the page that asks anyway has none
  if (!countUnsent(username) || !dialog || dialog.returnValue === "log-out") {
    quietly(() => sessionStorage.setItem(LEAVING, username));
    return;
  }
  event.preventDefault();
  const count = () => {
    const unsent = countUnsent(username);
    dialog.querySelector("p").textContent = unsent ? counted("unsent", unsent) : word("unsent_none");
  };
  const timer = setInterval(count, COUNTED_AGAIN_AFTER_MS);
  const answered = () => {
    clearInterval(timer);
    if (dialog.returnValue === "log-out") event.target.requestSubmit();
  };
  dialog.addEventListener("close", answered, { once: true });
  count();
  dialog.showModal();
}
