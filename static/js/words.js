/* The sentences that scripts show, translated by the server (messaging/_words.html). */

import { locale } from "chat/local_time";

const element = document.getElementById("words");
const words = element ? JSON.parse(element.textContent) : {};
const plural = new Intl.PluralRules(locale);
const number = new Intl.NumberFormat(locale);

/** The sentence called `name`. */
export const word = (name) => words[name] ?? "";

/** `sentence` with `values` in the places of their names; what a value has of signs means nothing. */
export const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_place, name) => values[name] ?? "");

/** `name`, of whatever direction, so that the rest of the sentence keeps its own. */
export const isolated = (name) => `\u2068${name}\u2069`;

/** The sentence called `name` for `count` things, in the form the language has for that number. */
export function counted(name, count) {
  const forms = words[name] ?? {};
  const sentence = forms[plural.select(count)] ?? forms.other ?? "";
  return sentence.replace("{n}", number.format(count));
}
