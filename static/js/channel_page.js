/* Puts the channel page together: the timeline and all that feeds it. */

import { CatchUp } from "chat/catch_up";
import { Composer, isNothingFocused } from "chat/composer";
import { Connection, logInAgain, reload } from "chat/connection";
import { Deleting } from "chat/deleting";
import { Delivery } from "chat/delivery";
import { Editing } from "chat/editing";
import { live } from "chat/live";
import { inFull } from "chat/local_time";
import { Older } from "chat/older";
import { Outbox } from "chat/outbox";
import { Reading } from "chat/reading";
import { Timeline } from "chat/timeline";
import { startTyping } from "chat/typing";
import { unread } from "chat/unread";
import { Unsent } from "chat/unsent";
import { counted, word } from "chat/words";

const LONG_PRESS_MS = 450;
const STORED_SOON_MS = 250; // what a worker usually takes for a message that was only accepted

const region = document.getElementById("timeline");
const timeline = new Timeline(region);
const connection = new Connection(document.getElementById("connection"));
const older = new Older(timeline);
const catchUp = new CatchUp(timeline, connection, older);
const outbox = new Outbox(region.dataset.username);
const unsent = new Unsent(timeline, outbox, document.getElementById("held"));
const form = document.getElementById("composer");
const composer = form && startComposer();

const editing = new Editing(timeline, {
  afterwards: focusWhenIdle,
  loggedOut: () => catchUp.now(), // it will notice too, and say so for the whole page
});
const deleting = new Deleting(timeline, {
  dialog: document.getElementById("delete-dialog"),
  afterwards() {
    catchUp.now();
    focusWhenIdle();
  },
  loggedOut: () => catchUp.now(),
});
composer?.addEventListener("edit-last", (event) => editing.openLast() && event.preventDefault());

const reading = region.dataset.lastReadSeq ? new Reading(timeline) : null; // guests are told of nothing unread

editing.start();
deleting.start();
startSending();
showAsOf();
catchUp.start();
older.addEventListener("loaded", ({ detail }) => catchUp.since(detail.version));
older.start();
startNewer();
if (reading) reading.start();
// Another place in the list: they came or left somewhere else.
unread.addEventListener("read", () => unread.isListed(region.dataset.slug) === Boolean(form) || catchUp.now());
startLongPress();
startMembers();
startNotifying();

/** The service worker brought a page that it kept: that is told until what changed since is here. */
function showAsOf() {
  const { dataset } = document.documentElement;
  if (!dataset.asOf) return;
  connection.asOf = inFull(new Date(dataset.asOf));
  const isCurrent = () => {
    delete dataset.asOf;
    connection.asOf = "";
  };
  catchUp.addEventListener("answered", isCurrent);
  live.addEventListener("up", isCurrent);
}

function startComposer() {
  const started = new Composer(form, { send: (text) => unsent.send(text), username: region.dataset.username });
  started.start();
  started.focusWhenIdle();
  startTyping(form, region.dataset);
  unsent.addEventListener("refused", (event) => started.takeBack(event.detail) && event.preventDefault());
  return started;
}

/** Where the keys go once what had them is gone. */
function focusWhenIdle() {
  if (composer) composer.focusWhenIdle();
  else if (isNothingFocused()) region.focus({ preventScroll: true });
}

function startSending() {
  const { username, slug } = region.dataset;
  const delivery = new Delivery(outbox, { author: username, ticketOf: (other) => (other === slug ? region.dataset.ticket : "") });
  delivery.addEventListener("stored", ({ detail: { entry, html } }) => entry.slug === slug && timeline.put(html));
  delivery.addEventListener("answered", () => {
    connection.found(delivery);
    unsent.isBarred = false;
  });
  delivery.addEventListener("failing", () => connection.lost(delivery));
  delivery.addEventListener("barred", ({ detail }) => {
    connection.say(delivery, ...whyBarred(detail));
    unsent.isBarred = true;
  });
  unsent.addEventListener("decided", focusWhenIdle);
  outbox.addEventListener("changed", ({ detail }) => outboxChanged(detail, delivery));
  live.addEventListener("rejected", ({ detail }) => delivery.askNow(detail.client_id));
  catchUp.addEventListener("recovered", () => delivery.hurry());
  catchUp.addEventListener("answered", ({ detail: { lastReadSeq, askedAt, about, start } }) => {
    showAbout(about);
    showStart(start);
    sayWhoMayPost();
    if (lastReadSeq) reading?.heard(Number(lastReadSeq), askedAt);
  });
  unsent.start();
  delivery.start();
  connection.waiting = outbox.waiting;
  // What is in the outbox outlives the page, so that leaving needs no warning, unless storage is full or forbidden.
  addEventListener("beforeunload", (event) => outbox.wouldLose && event.preventDefault());
}

function outboxChanged({ was, is }, delivery) {
  connection.waiting = outbox.waiting;
  if (!outbox.waiting) connection.found(delivery);
  const { slug, clientId } = is ?? was;
  const isTaken = !is || is.state === "accepted";
  if (slug !== region.dataset.slug || !isTaken) return;
  if (!timeline.isLatest && unsent.isSentHere(clientId)) showNewest();
  else if (live.isUp && is) return; // it comes by itself
  else if (timeline.find(clientId)?.hasAttribute("data-state")) setTimeout(() => catchUp.now(), is ? STORED_SOON_MS : 0);
}

/** What was sent from a page of older messages is shown among the newest, once nothing needs this page any more. */
function showNewest() {
  if (!unsent.isBusy) location.assign(`${region.dataset.pageUrl}?newest=1`);
}

/** The channel's name, topic and number of members, as the server has them now. */
function showAbout(about) {
  const shown = document.querySelector(".channel__header [data-about]");
  if (!about || !shown || JSON.stringify(about.dataset) === JSON.stringify(shown.dataset)) return;
  shown.replaceWith(about);
  const topic = document.querySelector(".menu__about"); // where the header has no room for it
  if (!topic) return;
  topic.firstElementChild.textContent = about.dataset.topic;
  topic.hidden = !about.dataset.topic;
}

/** What stands above the first message: its words are others for a cleared chat, another topic, an archived channel. */
function showStart(start) {
  const shown = region.querySelector(".timeline__start");
  if (start && start.innerHTML !== shown.innerHTML) shown.replaceChildren(...start.childNodes);
}

/** They left, were removed or came back somewhere else, or the channel was archived: this page can't show it by itself. */
function sayWhoMayPost() {
  const mayPost = Boolean(region.dataset.ticket);
  if (mayPost === Boolean(form)) connection.found(region);
  else if (!connection.isSaying) connection.say(region, ...reload(region.dataset.pageUrl, word(mayPost ? "may_post" : "may_not_post")));
}

function whyBarred({ code }) {
  return code === "other_author" ? [word("other_person")] : logInAgain(region.dataset.pageUrl);
}

function startNewer() {
  const button = document.getElementById("newer");
  timeline.addEventListener("newer", ({ detail: { count } }) => {
    button.hidden = !count;
    button.textContent = count ? counted("newer", count) : "";
  });
  button.addEventListener("click", () => {
    timeline.goToEnd();
    focusWhenIdle();
  });
}

/** The browser is asked when its user asks for notices, and never before. */
function startNotifying() {
  const notify = document.querySelector("[data-notify]");
  if (!notify) return;
  const allow = notify.querySelector("[data-allow]");
  const ask = () => import("chat/notices").then(({ allowNotices }) => allowNotices());
  if (allow) {
    allow.hidden = window.Notification?.permission !== "default";
    allow.addEventListener("click", async () => (allow.hidden = await ask()));
    return;
  }
  notify.addEventListener("submit", async (event) => {
    if (window.Notification?.permission === "granted") return;
    event.preventDefault();
    if (await ask()) notify.requestSubmit();
  });
}

function startMembers() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a.channel__members"); // another one whenever it says another number
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // to be opened elsewhere
    event.preventDefault();
    const { toggleMembers } = await import("chat/members");
    toggleMembers(link);
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
