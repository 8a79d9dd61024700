/* What every page does: local times, notices, the drawer, and forgetting drafts at log-out. */

import { eraseDrafts } from "chat/drafts";
import { localize, rememberTimeZone } from "chat/local_time";
import { startToasts } from "chat/toasts";

const WIDE = "(width >= 56rem)"; // where the sidebar and the menu stand in the page, as in the style sheets

rememberTimeZone();
localize(document);
startToasts();

// What is open as a drawer must not stay on top of the page once there is room for it in the page.
matchMedia(WIDE).addEventListener("change", () => {
  for (const element of document.querySelectorAll("[popover]:popover-open")) element.hidePopover();
});

for (const form of document.querySelectorAll("form[data-log-out]")) {
  form.addEventListener("submit", () => eraseDrafts(form.dataset.username));
}
