/* Puts the channel page together: the timeline and all that feeds it. */

import { CatchUp } from "chat/catch_up";
import { Composer, isNothingFocused } from "chat/composer";
import { Connection, logInAgain, reload } from "chat/connection";
import { Deleting } from "chat/deleting";
import { Editing } from "chat/editing";
import { live } from "chat/live";
import { fold } from "chat/folding";
import { inFull, toTheSecond } from "chat/local_time";
import { Older } from "chat/older";
import { go, renewPart } from "chat/pages";
import { Reading } from "chat/reading";
import { sending } from "chat/sending";
import { Timeline } from "chat/timeline";
import { startTyping } from "chat/typing";
import { unread } from "chat/unread";
import { Unsent } from "chat/unsent";
import { counted, word } from "chat/words";

const LONG_PRESS_MS = 450;
const STORED_SOON_MS = 250; // what a worker usually takes for a message that was only accepted

/** Start the page whose timeline is `region`; another page's coming, which aborts `signal`, stops it. */
export function start(region, signal) {
  new ChannelPage(region, signal).start();
}

class ChannelPage {
  #region;
  #signal;
  #timeline;
  #connection;
  #older;
  #catchUp;
  #unsent;
  #form;
  #composer = null;
  #reading = null;

  constructor(region, signal) {
    const { outbox } = sending;
    this.#region = region;
    this.#signal = signal;
    this.#timeline = new Timeline(region);
    this.#connection = new Connection(document.getElementById("connection"));
    this.#older = new Older(this.#timeline, signal);
    this.#catchUp = new CatchUp(this.#timeline, this.#connection, this.#older, signal);
    this.#unsent = new Unsent(this.#timeline, outbox, document.getElementById("held"), signal);
    this.#form = document.getElementById("composer");
  }

  start() {
    const { slug, lastReadSeq } = this.#region.dataset;
    if (this.#form) this.#startComposer();
    this.#startChanging();
    this.#startSending();
    this.#showAsOf();
    fold(this.#region.dataset.blocked);
    this.#catchUp.addEventListener("answered", ({ detail: { blocked } }) => {
      this.#region.dataset.blocked = blocked;
      fold(blocked);
    });
    this.#catchUp.start();
    this.#older.addEventListener("loaded", ({ detail }) => this.#catchUp.since(detail.version));
    this.#older.start();
    this.#startNewer();
    // Guests are told of nothing unread.
    if (lastReadSeq) this.#reading = new Reading(this.#timeline, this.#signal);
    this.#reading?.start();
    // Another place in the list: they came or left somewhere else.
    this.#on(unread, "read", () => unread.isListed(slug) === Boolean(this.#form) || this.#catchUp.now());
    this.#startLongPress();
    this.#startMembers();
    startNotifying();
    this.#on(document, "renewed", startNotifying);
  }

  /** Listen to what outlives this page. */
  #on(target, name, listener) {
    target.addEventListener(name, listener, { signal: this.#signal });
  }

  /** The service worker brought a page that it kept: that is told until what changed since is here. */
  #showAsOf() {
    const { dataset } = document.documentElement;
    if (!dataset.asOf) return;
    this.#connection.asOf = inFull(new Date(dataset.asOf));
    const isCurrent = () => {
      delete dataset.asOf;
      this.#connection.asOf = "";
    };
    this.#catchUp.addEventListener("answered", isCurrent);
    this.#on(live, "up", isCurrent);
  }

  #startComposer() {
    const { username } = this.#region.dataset;
    this.#composer = new Composer(this.#form, { send: (text) => this.#unsent.send(text), username });
    this.#composer.start();
    this.#composer.focusWhenIdle();
    startTyping(this.#form, this.#region.dataset, this.#signal);
    this.#unsent.addEventListener("refused", (event) => this.#composer.takeBack(event.detail) && event.preventDefault());
  }

  /** Where the keys go once what had them is gone. */
  #focusWhenIdle() {
    if (this.#composer) this.#composer.focusWhenIdle();
    else if (isNothingFocused()) this.#region.focus({ preventScroll: true });
  }

  #startChanging() {
    const loggedOut = () => this.#catchUp.now(); // it will notice too, and say so for the whole page
    const editing = new Editing(this.#timeline, { afterwards: () => this.#focusWhenIdle(), loggedOut });
    const deleting = new Deleting(this.#timeline, {
      dialog: document.getElementById("delete-dialog"),
      afterwards: () => {
        this.#catchUp.now();
        this.#focusWhenIdle();
      },
      loggedOut,
    });
    editing.start();
    deleting.start();
    this.#composer?.addEventListener("edit-last", (event) => editing.openLast() && event.preventDefault());
  }

  #startSending() {
    const { outbox, delivery } = sending;
    const { slug } = this.#region.dataset;
    this.#on(delivery, "stored", ({ detail: { entry, html } }) => entry.slug === slug && this.#timeline.put(html));
    this.#on(delivery, "answered", () => {
      this.#connection.found(delivery);
      this.#unsent.isBarred = false;
    });
    this.#on(delivery, "failing", () => this.#connection.lost(delivery));
    this.#on(delivery, "slowed", ({ detail }) => this.#connection.slowed(delivery, toTheSecond(new Date(detail.until))));
    this.#on(delivery, "barred", ({ detail }) => {
      this.#connection.say(delivery, ...this.#whyBarred(detail));
      this.#unsent.isBarred = true;
    });
    this.#unsent.addEventListener("decided", () => this.#focusWhenIdle());
    this.#on(outbox, "changed", ({ detail }) => this.#outboxChanged(detail));
    this.#catchUp.addEventListener("recovered", () => delivery.hurry());
    this.#catchUp.addEventListener("answered", ({ detail }) => {
      const { lastReadSeq, unreadMarks, askedAt, about, start, rights } = detail;
      showAbout(about);
      showStart(start);
      this.#showRights(rights);
      this.#sayWhoMayPost();
      if (lastReadSeq) this.#reading?.heard(Number(lastReadSeq), Number(unreadMarks ?? 0), askedAt);
    });
    this.#unsent.start();
    delivery.hurry();
    this.#connection.waiting = outbox.waiting;
  }

  #outboxChanged({ was, is }) {
    const { outbox, delivery } = sending;
    this.#connection.waiting = outbox.waiting;
    if (!outbox.waiting) this.#connection.found(delivery);
    const { slug, clientId } = is ?? was;
    const isTaken = !is || is.state === "accepted";
    if (slug !== this.#region.dataset.slug || !isTaken) return;
    if (!this.#timeline.isLatest && this.#unsent.isSentHere(clientId)) this.#showNewest();
    else if (live.isUp && is) return; // it comes by itself
    else if (this.#timeline.find(clientId)?.hasAttribute("data-state")) {
      setTimeout(() => this.#catchUp.now(), is ? STORED_SOON_MS : 0);
    }
  }

  /** What was sent from a page of older messages is shown among the newest, once nothing needs this page any more. */
  #showNewest() {
    if (!this.#unsent.isBusy) go(`${this.#region.dataset.pageUrl}?newest=1`);
  }

  /** They left, were removed or came back somewhere else, or the channel was archived: this page can't show it by itself. */
  #sayWhoMayPost() {
    const { slug, ticket, pageUrl } = this.#region.dataset;
    const about = document.querySelector(".channel__header [data-about]");
    if (about && about.dataset.slug !== slug) return this.#follow(pageUrl);
    const mayPost = Boolean(ticket);
    if (mayPost === Boolean(this.#form)) this.#connection.found(this.#region);
    else if (!this.#connection.isSaying) {
      this.#connection.say(this.#region, ...reload(pageUrl, word(mayPost ? "may_post" : "may_not_post")));
    }
  }

  /**
   * They have another role, or are not in the channel any more: the tools for it come and go. When those can't be had,
   * the next answer is another try.
   */
  async #showRights(rights) {
    const channel = document.querySelector(".channel");
    if (rights === undefined || rights === channel.dataset.rights) return;
    if (!(await renewPart(this.#region.dataset.pageUrl, ".channel__tools", this.#signal))) return;
    channel.dataset.rights = rights;
    for (const name of ["member", "moderator"]) {
      channel.classList.toggle(`channel--${name}`, rights.split(" ").includes(name));
    }
  }

  /** The channel has another name, and with it another address; nobody is to lose what they read or write. */
  #follow(pageUrl) {
    const { isLatest, isAtEnd } = this.#timeline;
    const isWriting = [...document.querySelectorAll("#composer textarea, .edit-form textarea")].some(({ value }) => value);
    if (isLatest && isAtEnd && !this.#unsent.isBusy && !isWriting) go(pageUrl, { isMoved: true });
    else this.#connection.say(this.#region, ...reload(pageUrl, word("renamed")));
  }

  #whyBarred({ code }) {
    return code === "other_author" ? [word("other_person")] : logInAgain(this.#region.dataset.pageUrl);
  }

  #startNewer() {
    const button = document.getElementById("newer");
    this.#timeline.addEventListener("newer", ({ detail: { count } }) => {
      button.hidden = !count;
      button.textContent = count ? counted("newer", count) : "";
    });
    button.addEventListener("click", () => {
      this.#timeline.goToEnd();
      this.#focusWhenIdle();
    });
  }

  #startMembers() {
    let members = null;
    this.#on(document, "click", async (event) => {
      const link = event.target.closest("a.channel__members"); // another one whenever it says another number
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // to be opened elsewhere
      event.preventDefault();
      members = await import("chat/members");
      if (!this.#signal.aborted) members.toggleMembers(link);
    });
    this.#signal.addEventListener("abort", () => members?.removeMembers()); // not with it: it would never be heard
  }

  /** On touch a long press shows what one may do with a message, and a touch elsewhere hides it. */
  #startLongPress() {
    const region = this.#region;
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
}

/** The channel's name, topic and number of members, as the server has them now. */
function showAbout(about) {
  const shown = document.querySelector(".channel__header [data-about]");
  if (!about || !shown || JSON.stringify(about.dataset) === JSON.stringify(shown.dataset)) return;
  shown.replaceWith(about);
  if (document.querySelector(".aside")) import("chat/members").then(({ refreshMembers }) => refreshMembers());
  const topic = document.querySelector(".menu__about"); // where the header has no room for it
  if (!topic) return;
  topic.firstElementChild.textContent = about.dataset.topic;
  topic.hidden = !about.dataset.topic;
}

/** What stands above the first message: its words are others for a cleared chat, another topic, an archived channel. */
function showStart(start) {
  const shown = document.querySelector(".timeline__start");
  if (start && start.innerHTML !== shown.innerHTML) shown.replaceChildren(...start.childNodes);
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
