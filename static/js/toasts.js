/* Notices in the corner: announced, and gone by themselves unless somebody is at them. */

import { quietly } from "chat/drafts";

const SHOWN_MS = 8_000;
const SHOWN_WITH_UNDO_MS = 15_000;
const LEAVES_MS = 160;
const CARRIED = "toasts"; // in this tab, from one page to the next

const list = document.getElementById("toasts");
const template = document.getElementById("toast");

/** Have the page that is loaded next show the notices of `from`: the server sends each but once. */
export function carryToasts(from) {
  const notices = from.getElementById("toasts")?.innerHTML.trim();
  if (notices) quietly(() => sessionStorage.setItem(CARRIED, notices));
}

/** Show what the page before this one carried here. */
export function takeCarriedToasts() {
  const notices = quietly(() => sessionStorage.getItem(CARRIED));
  if (!notices) return;
  quietly(() => sessionStorage.removeItem(CARRIED));
  takeToasts(new DOMParser().parseFromString(`<div id="toasts">${notices}</div>`, "text/html"));
}

/** Show `text` for a while. */
export function toast(text) {
  const element = template.content.firstElementChild.cloneNode(true);
  element.querySelector("p").textContent = text;
  list.append(element);
  keepForAWhile(element);
}

/** Give the notices that came with the page `from` their button to close and their time. */
export function takeToasts(from) {
  for (const element of from.querySelectorAll("#toasts > .toast")) {
    element.append(template.content.querySelector("[data-dismiss]").cloneNode(true));
    list.append(element); // put in anew, or screen readers take it for old
    keepForAWhile(element);
  }
}

function keepForAWhile(element) {
  const shownMs = element.querySelector("form") ? SHOWN_WITH_UNDO_MS : SHOWN_MS;
  const close = () => {
    element.classList.add("toast--leaving");
    setTimeout(() => element.remove(), LEAVES_MS);
  };
  let timer = setTimeout(close, shownMs);
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    if (!element.matches(":hover, :focus-within")) timer = setTimeout(close, shownMs);
  };
  element.addEventListener("pointerenter", hold);
  element.addEventListener("focusin", hold);
  element.addEventListener("pointerleave", release);
  element.addEventListener("focusout", () => setTimeout(release));
  element.querySelector("[data-dismiss]").addEventListener("click", close);
}
