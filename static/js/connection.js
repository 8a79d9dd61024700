/* The thin bar that says that the server can't be reached, or why nothing more comes. */

import { counted, filled, word } from "chat/words";

export class Connection {
  #bar;
  #lostBy = new Set();
  #waiting = 0;
  #said = null;
  #slowed = null; // who, and until when, in words
  #asOf = ""; // what the page is, in a sentence, when it does not come from the server

  constructor(bar) {
    this.#bar = bar;
  }

  /** `who` got an answer. */
  found(who) {
    this.#lostBy.delete(who);
    if (this.#slowed?.who === who) this.#slowed = null;
    if (this.#said?.who === who) this.#said = null;
    this.#show();
  }

  /** `who` got none, or one that says to come back later. */
  lost(who) {
    this.#lostBy.add(who);
    this.#show();
  }

  /** Nothing is lost, but what is sent was so much that more is taken at that `time` in words. */
  slowed(who, time) {
    this.#lostBy.delete(who);
    this.#slowed = { who, time };
    this.#show();
  }

  /** How many messages will be sent as soon as it works again. */
  set waiting(count) {
    this.#waiting = count;
    this.#show();
  }

  /** The page is what this browser kept, as of a `time` in words, "" once it is up to date. */
  set asOf(time) {
    this.#asOf = time && filled(word("as_of"), { time });
    this.#show();
  }

  get isSaying() {
    return this.#said !== null;
  }

  /** Say `content`, texts and links, instead, until `who` gets an answer. */
  say(who, ...content) {
    this.#said = { who };
    this.#bar.replaceChildren(...content);
    this.#bar.hidden = false;
  }

  #show() {
    if (this.#said) return;
    const promise = this.#waiting ? ` ${counted("will_send", this.#waiting)}` : "";
    const slowed = this.#slowed && filled(word("too_fast"), { time: this.#slowed.time });
    const reason = this.#asOf || (this.#lostBy.size ? word("reconnecting") : slowed);
    const text = reason ? reason + promise : "";
    if (this.#bar.textContent !== text) this.#bar.textContent = text;
    this.#bar.hidden = !text;
  }
}

/** What to say once the session is over: that nothing is lost, and a link to log in and to `pageUrl`. */
export function logInAgain(pageUrl) {
  return [word("logged_out"), " ", link({ href: pageUrl, target: "_blank", textContent: word("log_in") })];
}

/** What to say once `pageUrl` would be another page than the one that is open. */
export function reload(pageUrl, why) {
  return [why, " ", link({ href: pageUrl, textContent: word("reload") })];
}

function link(look) {
  return Object.assign(document.createElement("a"), look);
}
