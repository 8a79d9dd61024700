/* Puts the channel page together: the timeline and all that feeds it. */

import { CatchUp } from "chat/catch_up";
import { Composer } from "chat/composer";
import { Connection } from "chat/connection";
import { csrfToken } from "chat/csrf";
import { Deleting } from "chat/deleting";
import { Editing } from "chat/editing";
import { Older } from "chat/older";
import { Outbox } from "chat/outbox";
import { Timeline } from "chat/timeline";
import { counted } from "chat/words";

const LONG_PRESS_MS = 450;
const STORED_SOON_MS = 250; // what a worker usually takes for a message that was only accepted

const region = document.getElementById("timeline");
const timeline = new Timeline(region);
const connection = new Connection(document.getElementById("connection"));
const catchUp = new CatchUp(timeline, connection);
const form = document.getElementById("composer");
const composer = form && startComposer();

const editing = new Editing(timeline, {
  afterwards: () => composer?.focusWhenIdle(),
  loggedOut: () => catchUp.now(), // it will notice too, and say so for the whole page
});
const deleting = new Deleting(timeline, {
  dialog: document.getElementById("delete-dialog"),
  afterwards() {
    catchUp.now();
    composer?.focusWhenIdle();
  },
  loggedOut: () => catchUp.now(),
});
composer?.addEventListener("edit-last", (event) => editing.openLast() && event.preventDefault());

editing.start();
deleting.start();
catchUp.start();
new Older(timeline).start();
startNewer();
startLongPress();

function startComposer() {
  const started = new Composer(form, { outbox: startOutbox(), username: region.dataset.username });
  started.start();
  started.focusWhenIdle();
  return started;
}

function startOutbox() {
  const outbox = new Outbox(timeline, {
    url: form.action,
    author: region.dataset.username,
    token: () => csrfToken() ?? form.elements.csrfmiddlewaretoken.value,
  });
  outbox.addEventListener("posted", ({ detail: { isStored } }) => {
    connection.found(outbox);
    if (!timeline.isLatest) showNewest(outbox);
    else setTimeout(() => catchUp.now(), isStored ? 0 : STORED_SOON_MS);
  });
  outbox.addEventListener("failing", () => connection.lost(outbox));
  outbox.addEventListener("changed", () => {
    connection.waiting = outbox.waiting;
    if (!outbox.waiting) connection.found(outbox);
  });
  catchUp.addEventListener("recovered", () => outbox.hurry());
  addEventListener("online", () => outbox.hurry());
  addEventListener("beforeunload", (event) => {
    if (outbox.unsent) event.preventDefault();
  });
  return outbox;
}

/** What was sent from a page of older messages is shown among the newest, once nothing is on its way any more. */
function showNewest(outbox) {
  if (!outbox.unsent) location.assign(region.dataset.pageUrl);
}

function startNewer() {
  const button = document.getElementById("newer");
  if (!button) return;
  timeline.addEventListener("newer", ({ detail: { count } }) => {
    button.hidden = !count;
    button.textContent = count ? counted("newer", count) : "";
  });
  button.addEventListener("click", () => {
    timeline.goToEnd();
    composer?.focusWhenIdle();
  });
}

/** On touch a long press shows what one may do with a message, and a touch elsewhere hides it. */
function startLongPress() {
  let timer = null;
  const activate = (article) => {
    for (const other of region.querySelectorAll(".message--active")) other.classList.remove("message--active");
    article?.classList.add("message--active");
  };
  region.addEventListener("pointerdown", (event) => {
    clearTimeout(timer);
    if (event.pointerType !== "touch" || event.target.closest(".message__tools, .edit-form")) return;
    const article = event.target.closest(".message");
    activate(null);
    if (article) timer = setTimeout(() => activate(article), LONG_PRESS_MS);
  });
  for (const name of ["pointerup", "pointercancel", "scroll"]) {
    region.addEventListener(name, () => clearTimeout(timer), { passive: true });
  }
}
