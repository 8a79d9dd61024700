/* The switcher: type a part of a name, and go there. One's own channels are those of the sidebar, with what is unread; what
else there is the server says, and is asked again for what was typed where it did not say all.

People come here too, once there is a conversation with them to open: another source beside the two. */

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
      const { channels, has_more: hasMore } = await response.json();
      for (const channel of channels) this.#others.set(channel.url, channel);
      this.#isComplete = !hasMore && !typed;
      this.#draw(this.#chosen?.href);
    } catch (error) {
      if (error.name !== "AbortError") console.info("No other channels:", error.message);
    }
  }

  /** The best first; of the same fit one's own, what is unread before the rest, as the sidebar and the server order them. */
  #draw(chosen) {
    const typed = this.#field.value.trim().replace(/^#/, "");
    const own = ownPlaces();
    const addresses = new Set(own.map(({ url }) => url));
    const others = [...this.#others.values()].filter(({ url }) => !addresses.has(url));
    const found = [...own, ...others.map((place) => ({ ...place, isOther: true }))]
      .map((place) => ({ ...place, fit: fit(typed, place.name) }))
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

  /** The link does what links do; the dialog is not in its way. */
  #clicked({ target }) {
    if (target.closest("a")) this.#dialog.close();
  }
}

let jump = null;

/** Open the switcher. */
export function openJump() {
  if (!jump?.isOnPage) jump = new Jump();
  jump.open();
}

function ownPlaces() {
  return [...document.querySelectorAll("#sidebar .place[data-channel]")].map((link) => ({
    sign: link.firstElementChild, // a hash, a lock, or whether the other one is here
    name: link.querySelector("bdi").textContent,
    url: link.pathname,
    unread: link.querySelector(".place__unread:not([hidden])"),
    isHere: link.ariaCurrent === "page",
  }));
}

/** Where somebody is already is the last of their own that they want. */
function standing({ unread, isHere, isOther }) {
  return isOther ? 3 : isHere ? 2 : unread ? 0 : 1;
}

function optionFor({ sign, name, url, unread, isOther }, place) {
  const option = document.getElementById("jump-option").content.firstElementChild.cloneNode(true);
  option.id = `jump-${place}`;
  option.href = url;
  if (sign) option.firstElementChild.replaceWith(sign.cloneNode(true));
  option.querySelector("bdi").textContent = name;
  option.querySelector(".jump__other").hidden = !isOther;
  option.classList.toggle("place--unread", Boolean(unread));
  if (unread) option.append(unread.cloneNode(true));
  return option;
}
