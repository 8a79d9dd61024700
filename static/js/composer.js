/* The box one writes in: keys, size, draft, count, and what to do with a text that was refused. */

import { Draft } from "chat/drafts";
import { isPressed } from "chat/shortcuts";
import { counted } from "chat/words";

const COUNT_WITHIN = 500; // characters before the limit

const hasTouch = matchMedia("(pointer: coarse)");

/** Events: "edit-last" when ↑ is pressed in the empty box. */
export class Composer extends EventTarget {
  #form;
  #box;
  #reason;
  #count;
  #send;
  #draft;
  #most;

  constructor(form, { send, username }) {
    super();
    this.#form = form;
    this.#box = form.querySelector("textarea");
    this.#reason = form.querySelector(".composer__reason");
    this.#count = form.querySelector(".composer__count");
    this.#most = Number(this.#box.dataset.most);
    this.#send = send;
    this.#draft = new Draft(username, form.dataset.slug);
  }

  start() {
    this.#restoreDraft();
    this.#box.addEventListener("input", () => this.#typed());
    this.#box.addEventListener("keydown", (event) => this.#pressed(event));
    this.#drawSize();
    this.#form.noValidate = true;
    this.#form.addEventListener("submit", (event) => this.#submit(event));
  }

  focus() {
    this.#box.focus({ preventScroll: true });
  }

  /** Put a refused text back where it came from, unless the next one is being written there; whether it was. */
  takeBack({ text, reason }) {
    if (this.#box.value.trim()) return false;
    this.#write(text);
    this.#sayWhy(reason);
    this.focus();
    return true;
  }

  /** Focus the box when nothing in sight is, where that does not raise a keyboard over the page. */
  focusWhenIdle() {
    if (!hasTouch.matches && isNothingFocused()) this.focus();
  }

  /** What was kept comes back; what was typed before this script ran, or came from the server, stays too. */
  #restoreDraft() {
    const kept = this.#draft.text;
    const typed = this.#box.value;
    if (kept.includes(typed)) this.#box.value = kept;
    else if (!typed.includes(kept)) this.#box.value = `${kept}\n${typed}`;
    this.#draft.text = this.#box.value;
  }

  #typed() {
    this.#draft.text = this.#box.value;
    this.#sayWhy("");
    this.#drawSize();
  }

  #pressed(event) {
    const isComposing = event.isComposing || event.keyCode === 229; // an input method takes this key
    if (isComposing) return;
    if (isSending(event)) {
      event.preventDefault();
      if (this.#box.value.trim()) this.#form.requestSubmit();
    } else if (isPressed(event, "edit_last") && !this.#box.value) {
      if (!this.dispatchEvent(new Event("edit-last", { cancelable: true }))) event.preventDefault();
    }
  }

  #submit(event) {
    const text = this.#box.value.trim();
    event.preventDefault();
    this.focus();
    if (!text) return;
    this.#write("");
    this.#send(text);
  }

  #write(text) {
    this.#box.value = text;
    this.#typed();
  }

  #sayWhy(reason) {
    this.#reason.textContent = reason;
    this.#form.classList.toggle("composer--wrong", Boolean(reason));
    if (reason) this.#box.setAttribute("aria-invalid", "true");
    else this.#box.removeAttribute("aria-invalid");
  }

  #drawSize() {
    fitToText(this.#box);
    const left = this.#most - [...this.#box.value.trim()].length;
    this.#count.textContent = left > COUNT_WITHIN ? "" : left < 0 ? counted("over", -left) : counted("left", left);
    this.#count.classList.toggle("composer__count--over", left < 0);
  }
}

/** Whether the keys go nowhere; what was just hidden is focused until the page is drawn again. */
export function isNothingFocused() {
  return document.activeElement === document.body || !document.activeElement?.checkVisibility();
}

/** Whether this key sends what is written: Enter does as its user chose, else everywhere but on touch. */
export function isSending({ key, shiftKey, altKey, ctrlKey, metaKey }) {
  if (key !== "Enter" || shiftKey || altKey) return false;
  const { enterSends } = document.body.dataset;
  return ctrlKey || metaKey || (enterSends ? enterSends === "true" : !hasTouch.matches);
}

/** Make `box` as high as its text; the style sheet sets the limit, and does all of it where it can. */
export function fitToText(box) {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.blockSize = "auto";
  box.style.blockSize = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
}
