/* The sheet of shortcuts: the dialog that the page brings, with the keys of the table put in. */

import { isSending } from "chat/composer";
import { keysOf, SHORTCUTS } from "chat/shortcuts";

/** Show the sheet. */
export function openSheet() {
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  const sheet = document.getElementById("shortcuts");
  for (const name of Object.keys(SHORTCUTS)) {
    const keys = keysOf(name, sheet.dataset).map((text) => Object.assign(document.createElement("kbd"), { textContent: text }));
    sheet.querySelector(`[data-shortcut="${name}"]`).replaceChildren(...keys.flatMap((key) => [key, " "]).slice(0, -1));
  }
  const doesEnterSend = isSending({ key: "Enter" });
  for (const name of ["send", "break"]) sheet.querySelector(`[data-shortcut="${name}"]`).parentElement.hidden = !doesEnterSend;
  sheet.showModal();
}
