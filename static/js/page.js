/* What every page does: local times, notices, the drawer, fresh tokens, and leaving nothing private behind. */

import { keepTokensFresh } from "chat/csrf";
import { eraseDrafts, eraseDraftsOfOthers } from "chat/drafts";
import { localize, rememberTimeZone } from "chat/local_time";
import { startToasts } from "chat/toasts";

const WIDE = "(width >= 56rem)"; // where the sidebar and the menu stand in the page, as in the style sheets

rememberTimeZone();
localize(document);
startToasts();
keepTokensFresh();

// What is open as a drawer must not stay on top of the page once there is room for it in the page.
matchMedia(WIDE).addEventListener("change", () => {
  for (const element of document.querySelectorAll("[popover]:popover-open")) element.hidePopover();
});

for (const form of document.querySelectorAll("form[data-log-out]")) {
  const { username } = form.dataset;
  eraseDraftsOfOthers(username);
  form.addEventListener("submit", () => eraseDrafts(username));
  addEventListener("pageshow", (event) => event.persisted && leaveIfLoggedOut());
}

/** The browser may bring back a page, by its Back button, that is not for whoever sits there now. */
async function leaveIfLoggedOut() {
  const response = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  if (response?.redirected || response?.status === 401) location.reload();
}
