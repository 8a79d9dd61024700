/* Who is in the channel, in an aside beside its messages; the link that opens it leads to the same list as a page. */

import { go } from "chat/pages";
import { presence } from "chat/presence";
import { isPressed } from "chat/shortcuts";
import { parse } from "chat/timeline";

const TIMEOUT_MS = 15_000;
const REST = "body > :not(.aside, .toasts, dialog)";

const isNarrow = matchMedia("(width < 56rem)"); // where the aside covers the page, as in the style sheet

let aside = null;
let opened = new AbortController(); // aborted when the aside is closed
let askedLast = null; // to be shown when no other was asked for since

isNarrow.addEventListener("change", shutOutRest);

/** Open the aside that `link` is for, or close it. */
export async function toggleMembers(link) {
  if (aside) return close();
  aside = document.getElementById("members-aside").content.firstElementChild.cloneNode(true);
  aside.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) close();
    const more = event.target.closest("[data-more]");
    if (!more) return;
    event.preventDefault();
    add(more.href, more.closest("p"));
  });
  opened = new AbortController();
  document.addEventListener("keydown", pressed, { signal: opened.signal });
  link.ariaExpanded = "true";
  document.getElementById("main").after(aside);
  shutOutRest();
  aside.querySelector("h2").focus();
  await add(link.href);

  function pressed(event) {
    if (!isPressed(event, "read") || event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
    event.preventDefault();
    close();
  }

  function close() {
    removeMembers();
    const opener = document.querySelector("a.channel__members");
    opener.ariaExpanded = "false";
    opener.focus();
    presence.refresh();
  }
}

/** Close the aside with the page that it belongs to. */
export function removeMembers() {
  opened.abort();
  aside?.remove();
  aside = null;
  shutOutRest();
}

/** Somebody may have come or left: ask again for as much of the list as is shown. */
export async function refreshMembers() {
  const shown = aside;
  const body = shown?.querySelector(".aside__body");
  let pages = body?.querySelectorAll("[data-people]").length;
  if (!pages) return;
  const link = document.querySelector("a.channel__members"); // which says another number, and is another one
  link.ariaExpanded = "true";
  const asked = (askedLast = {});
  const fresh = document.createElement("div");
  try {
    for (let url = link.href; url && pages; pages -= 1) {
      fresh.querySelector("[data-more]")?.closest("p").remove();
      fresh.append(await peopleAt(url));
      url = fresh.querySelector("[data-more]")?.href;
    }
  } catch (error) {
    return console.info("No members:", error.message); // those of before are shown
  }
  if (shown !== aside || asked !== askedLast) return;
  const isFocused = body.contains(document.activeElement);
  body.replaceChildren(...fresh.childNodes);
  if (isFocused) (body.querySelector("[data-more]") ?? shown.querySelector("h2")).focus();
  presence.refresh();
}

/** What the aside covers is out of reach of the keys, too. */
function shutOutRest() {
  for (const element of document.querySelectorAll(REST)) element.inert = Boolean(aside) && isNarrow.matches;
}

/** The people at `url` come below those who are there, in place of `last`; as a page when that does not work. */
async function add(url, last) {
  const shown = aside;
  try {
    shown.querySelector(".aside__body").append(await peopleAt(url));
    last?.remove();
  } catch (error) {
    console.info("No members:", error.message);
    if (shown === aside) go(url);
    return;
  }
  presence.refresh();
}

async function peopleAt(url) {
  const response = await fetch(url, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return parse(await response.text());
}
