/* The switcher: type a part of a name, and go there. One's own channels are those of the sidebar, with what is unread; what
else there is, people too, the server says, and is asked again for what was typed where it did not say all. Who is chosen
among the people is written to: their conversation is opened, and made if there is none. */

import { isNothingFocused } from "chat/composer";
import { fit } from "chat/fuzzy";
import { isPressed } from "chat/shortcuts";

const MOST_SHOWN = 50;
const ASKED_AFTER_MS = 150; // without another key
const TIMEOUT_MS = 15_000;

class Jump {
  #dialog = document.getElementById("jump");
  #field = this.#dialog.querySelector("input");
  #list = this.#dialog.querySelector("[role=listbox]");
  #none = this.#dialog.querySelector(".jump__none");
  #others = new Map(); // by address
  #isComplete = false; // whether those are all
  #timer = null;
  #asking = new AbortController();

  constructor() {
    this.#field.addEventListener("input", () => this.#typed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    this.#list.addEventListener("pointermove", ({ target }) => this.#choose(target.closest("[role=option]") ?? this.#chosen));
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close()); // beside it
    this.#dialog.addEventListener("close", () => this.#stop());
  }

  get isOnPage() {
    return this.#dialog.isConnected;
  }

  /** Fill the dialog, which is open already, with what may have been typed there meanwhile. */
  open() {
    this.#isComplete = false;
    this.#others.clear();
    this.#draw();
    this.#ask(this.#field.value);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#asking.abort();
    // What opened it may have been in the drawer, which is closed by now.
    if (isNothingFocused()) document.querySelector("[popovertarget=sidebar]:not([popovertargetaction])")?.focus();
  }

  #typed() {
    clearTimeout(this.#timer);
    if (!this.#isComplete) this.#timer = setTimeout(() => this.#ask(this.#field.value), ASKED_AFTER_MS);
    this.#draw();
  }

  async #ask(typed) {
    this.#asking.abort();
    this.#asking = new AbortController();
    const signal = AbortSignal.any([this.#asking.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await fetch(`${this.#dialog.dataset.url}?${new URLSearchParams({ q: typed })}`, {
        headers: { Accept: "application/json" },
        signal,
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const { channels, people, has_more: hasMore } = await response.json();
      for (const place of [...channels, ...people]) this.#others.set(place.url, place);
      this.#isComplete = !hasMore && !typed;
      this.#draw(this.#chosen?.href);
    } catch (error) {
      if (error.name !== "AbortError") console.info("No other channels:", error.message);
    }
  }

  /** The best first; of the same fit one's own, what is unread before the rest, as the sidebar and the server order them. */
  #draw(chosen) {
    const typed = this.#field.value.trim().replace(/^[#@]/, "");
    const found = places([...this.#others.values()])
      .map((place) => ({ ...place, fit: bestFit(typed, place) }))
      .filter((place) => place.fit !== null)
      .sort((one, other) => one.fit - other.fit || standing(one) - standing(other))
      .slice(0, MOST_SHOWN);
    this.#list.replaceChildren(...found.map(optionFor));
    this.#none.hidden = found.length > 0;
    this.#none.querySelector("a").search = `?${new URLSearchParams({ q: typed })}`;
    this.#field.ariaExpanded = String(found.length > 0);
    this.#choose([...this.#list.children].find(({ href }) => href === chosen) ?? this.#list.firstElementChild);
  }

  get #chosen() {
    return this.#list.querySelector("[aria-selected=true]");
  }

  #choose(option) {
    if (option === this.#chosen && option) return;
    if (this.#chosen) this.#chosen.ariaSelected = "false";
    if (!option) return this.#field.removeAttribute("aria-activedescendant");
    option.ariaSelected = "true";
    option.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", option.id);
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const options = [...this.#list.children];
    const at = options.indexOf(this.#chosen);
    if (event.key === "ArrowDown") this.#choose(options[(at + 1) % options.length]);
    else if (event.key === "ArrowUp") this.#choose(options.at(at - 1));
    else if (isPressed(event, "jump")) this.#dialog.close();
    else if (event.key === "Enter") this.#go(this.#chosen, { isElsewhere: event.ctrlKey || event.metaKey });
    else return;
    event.preventDefault();
  }

  #go(link, { isElsewhere }) {
    if (!link) return;
    this.#dialog.close();
    if (isElsewhere) window.open(link.href, "_blank", "noopener");
    else link.click();
  }

  /** A channel's link does what links do; the dialog is not in its way. */
  #clicked(event) {
    const link = event.target.closest("a");
    if (!link) return;
    this.#dialog.close();
    const isForAnotherTab = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!("writes" in link.dataset) || isForAnotherTab) return;
    event.preventDefault();
    const form = this.#dialog.querySelector(".jump__open");
    form.action = link.href;
    form.requestSubmit();
  }
}

let jump = null;

/** Open the switcher. */
export function openJump() {
  if (!jump?.isOnPage) jump = new Jump();
  jump.open();
}

/** One's own places, then `others`; who is talked to already is found by their username in that conversation. */
function places(others) {
  const own = ownPlaces();
  const byAddress = new Map(own.map((place) => [place.url, place]));
  const byPerson = new Map(own.map((place) => [place.id, place]));
  const rest = [];
  for (const { id, ...place } of others) {
    const conversation = id && byPerson.get(String(id));
    if (conversation) conversation.username = place.username;
    else if (!byAddress.has(place.url)) rest.push({ ...place, isOther: true });
  }
  return [...own, ...rest];
}

/** By its name or by its username, null for neither. */
function bestFit(typed, { name, username = "" }) {
  const fits = [fit(typed, name), fit(typed, username)].filter((found) => found !== null);
  return fits.length ? Math.min(...fits) : null;
}

function ownPlaces() {
  return [...document.querySelectorAll("#sidebar .place[data-channel]")].map((link) => ({
    sign: link.firstElementChild, // a hash, a lock, or whether the other one is here
    name: link.querySelector("bdi").textContent,
    url: link.pathname,
    id: link.querySelector("[data-person]")?.dataset.person, // the other one's, in a conversation of two
    unread: link.querySelector(".place__unread:not([hidden])"),
    isHere: link.ariaCurrent === "page",
  }));
}

/** Where somebody is already is the last of their own that they want. */
function standing({ unread, isHere, isOther }) {
  return isOther ? 3 : isHere ? 2 : unread ? 0 : 1;
}

function optionFor({ sign, name, username, url, unread, isOther }, place) {
  const isPerson = isOther && Boolean(username);
  const option = document.getElementById(isPerson ? "jump-person" : "jump-option").content.firstElementChild.cloneNode(true);
  option.id = `jump-${place}`;
  option.href = url;
  if (sign) option.firstElementChild.replaceWith(sign.cloneNode(true));
  option.querySelector("bdi").textContent = name;
  const note = option.querySelector(".place__note");
  note.hidden = !isOther;
  if (isPerson) {
    note.firstElementChild.textContent = `@${username}`;
    option.dataset.writes = "";
  }
  option.classList.toggle("place--unread", Boolean(unread));
  if (unread) option.append(unread.cloneNode(true));
  return option;
}
