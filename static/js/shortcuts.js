/* Every key that does something by itself: one table, for the parts that act on them and for the sheet that shows them. */

const MAC = /Mac OS X/.test(navigator.userAgent);
const TEXT = "input, select, textarea, [contenteditable]";

/** By name: the key, and what is held down with it. `command` is ⌘ on a Mac and Ctrl elsewhere. */
export const SHORTCUTS = {
  jump: { key: "k", held: ["command"] },
  previous: { key: "ArrowUp", held: ["alt"] },
  next: { key: "ArrowDown", held: ["alt"] },
  previous_unread: { key: "ArrowUp", held: ["alt", "shift"] },
  next_unread: { key: "ArrowDown", held: ["alt", "shift"] },
  read: { key: "Escape", held: [] },
  send: { key: "Enter", held: [] },
  send_anyway: { key: "Enter", held: ["command"] },
  break: { key: "Enter", held: ["shift"] },
  edit_last: { key: "ArrowUp", held: [] },
  sheet: { key: "?", held: [] },
};

const GLYPHS = { ArrowUp: "↑", ArrowDown: "↓" };
const MAC_GLYPHS = { ...GLYPHS, command: "⌘", alt: "⌥", shift: "⇧", Enter: "↩", Escape: "esc" };

/** Start the shortcuts of the whole site. */
export function startShortcuts() {
  const actions = {
    jump: openSwitcher,
    previous: () => go(places(".place[data-channel]"), -1),
    next: () => go(places(".place[data-channel]"), 1),
    previous_unread: () => go(places(".place--unread, .place[aria-current]"), -1),
    next_unread: () => go(places(".place--unread, .place[aria-current]"), 1),
    sheet: () => import("chat/shortcut_sheet").then(({ openSheet }) => openSheet()),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const name = Object.keys(actions).find((candidate) => isPressed(event, candidate));
    if (!name || !document.getElementById("sidebar") || meansText(event, name)) return;
    event.preventDefault();
    actions[name]();
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (!opener || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // to be opened elsewhere
    event.preventDefault();
    actions[opener.dataset.opens]();
  });
}

/** Whether `event` is the shortcut called `name`, and not a key that an input method takes. */
export function isPressed(event, name) {
  const { key, held } = SHORTCUTS[name];
  if (event.isComposing || event.keyCode === 229 || !isKey(event, key)) return false;
  return (
    event.metaKey === (MAC && held.includes("command")) &&
    event.ctrlKey === (!MAC && held.includes("command")) &&
    event.altKey === held.includes("alt") &&
    (event.shiftKey === held.includes("shift") || key === "?") // which is above another key, or not
  );
}

/** What is written on the keys of the shortcut called `name`; `words` has their names where they are words. */
export function keysOf(name, words) {
  const { key, held } = SHORTCUTS[name];
  return [...held, key].map((part) => (MAC && MAC_GLYPHS[part]) || GLYPHS[part] || words[part.toLowerCase()] || part.toUpperCase());
}

/** It is there at once: what is typed while its script comes must not end up in a message. */
function openSwitcher() {
  const dialog = document.getElementById("jump");
  dialog.querySelector("input").value = "";
  dialog.showModal();
  import("chat/jump").then(({ openJump }) => dialog.open && openJump(), () => dialog.close());
}

/** The key, or the one in its place where letters are not Latin ones. */
function isKey({ key, code }, wanted) {
  return key.toLowerCase() === wanted.toLowerCase() || (/^\P{ASCII}$/u.test(key) && code === `Key${wanted.toUpperCase()}`);
}

/** Whether the key is for the field it is pressed in: a sign, or a step on a Mac; and an edit is not left by mistake. */
function meansText({ target }, name) {
  const field = target.closest?.(TEXT);
  if (!field || name === "jump") return false;
  return name === "sheet" || !field.matches("#composer textarea") || (MAC && field.value !== "");
}

function places(selector) {
  return [...document.querySelectorAll(`#sidebar :is(${selector})`)].filter((place) => "channel" in place.dataset);
}

/** Follow the link that is `steps` after the one of this page, around the ends. */
function go(links, steps) {
  const here = links.findIndex((link) => link.ariaCurrent === "page");
  const from = here < 0 && steps < 0 ? 0 : here;
  const link = links.at((from + steps) % links.length);
  if (link && link !== links[here]) link.click();
}
