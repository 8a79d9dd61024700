/* Puts what stands in a field into the clipboard. */

import { toast } from "chat/toasts";
import { word } from "chat/words";

/** Copy the value of `field`, and say so. */
export async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    if (!document.execCommand("copy")) return; // on plain HTTP there is no clipboard, but this; else it is selected
  }
  toast(word("copied"));
}
