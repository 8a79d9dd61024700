/* How well what somebody typed fits a name: without case and accents, in any script. */

// The marks that people leave out when they type: accents, Arabic and Hebrew vowel signs, the Arabic stretch.
const LEFT_OUT = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]/g;
const BETWEEN_WORDS = /[\s\p{P}]+/gu;

/** Better fits have smaller numbers, and `null` is none at all. */
export function fit(typed, name) {
  const [wanted, given] = [fold(typed), fold(name)];
  if (!wanted) return 0;
  if (given === wanted) return 1;
  if (given.startsWith(wanted)) return 2;
  if (` ${given}`.includes(` ${wanted}`)) return 3;
  if (hasWordStarts(wanted.split(" "), given.split(" "))) return 4;
  if (hasWordStarts([...wanted.replaceAll(" ", "")], given.split(" "))) return 5;
  if (given.includes(wanted)) return 6;
  const slack = slackBetween([...wanted.replaceAll(" ", "")], [...given]);
  return slack === null ? null : 7 + slack;
}

/** `text` as it is compared: decomposed, without the marks that are left out, one space for what is between words. */
function fold(text) {
  const plain = text.normalize("NFKD").replace(LEFT_OUT, "").toUpperCase().toLowerCase(); // ß is ss
  return plain.replaceAll("ς", "σ").replace(BETWEEN_WORDS, " ").trim();
}

/** Whether each of `starts` begins a word, in their order. */
function hasWordStarts(starts, words) {
  let from = 0;
  return starts.every((start) => {
    from = words.findIndex((word, place) => place >= from && word.startsWith(start)) + 1;
    return from > 0;
  });
}

/** How many other letters stand between these, from 0 to below 1; `null` when they are not there in this order. */
function slackBetween(letters, given) {
  let best = null;
  for (let start = given.indexOf(letters[0]); start >= 0; start = given.indexOf(letters[0], start + 1)) {
    let at = start - 1;
    if (!letters.every((letter) => (at = given.indexOf(letter, at + 1)) >= 0)) break;
    best = Math.min(best ?? Infinity, at - start + 1 - letters.length);
  }
  return best === null ? null : best / (best + 1);
}
