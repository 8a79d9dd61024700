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

/** What the aside covers is out of reach of the keys, too. */
function shutOutRest() {
  for (const element of document.querySelectorAll(REST)) element.inert = Boolean(aside) && isNarrow.matches;
}

/** The people at `url` come below those who are there, in place of `last`; as a page when that does not work. */
async function add(url, last) {
  const shown = aside;
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    shown.querySelector(".aside__body").append(parse(await response.text()));
    last?.remove();
  } catch (error) {
    console.info("No members:", error.message);
    if (shown === aside) go(url);
    return;
  }
  presence.refresh();
}
