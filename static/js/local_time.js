/* Times in the reader's own zone and manner; the zone is told to the server for the next page. */

const ZONE_COOKIE_S = 365 * 24 * 60 * 60;

const { lang: language } = document.documentElement;
// The reader's own variant of the page's language, if there is one: 24 hours or 12, day or month first.
// British rather than American when the browser names none, which is how the server writes it; digits and
// calendar, too, are the server's.
export const locale = new Intl.Locale(
  navigator.languages.find((candidate) => written(candidate) === written(language) && candidate !== language) ??
    (language === "en" ? "en-GB" : language),
  { numberingSystem: "latn", calendar: "gregory" },
);

// Their own zone, or the one that they chose instead.
const timeZone = theZone(document.documentElement.dataset.timeZone);

const format = (options) => new Intl.DateTimeFormat(locale, { timeZone, ...options });
const time = format({ timeStyle: "short" });
const seconds = format({ timeStyle: "medium" });
const full = format({ dateStyle: "full", timeStyle: "short" });
const day = format({ weekday: "long", day: "numeric", month: "long" });
const dayOfYear = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const date = format({ day: "numeric", month: "short", year: "numeric" });
const sortable = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** The day of `moment` in the reader's zone, as YYYY-MM-DD. */
export function dayOf(moment) {
  return sortable.format(moment);
}

/** The day of `moment` in words: "Today", "Yesterday", else its name. */
export function dayName(moment) {
  const today = dayOf(new Date());
  const shown = dayOf(moment);
  const yesterday = new Date(today);
  yesterday.setUTCDate(yesterday.getUTCDate() - 1);
  if (shown === today) return capitalized(relative.format(0, "day"));
  if (shown === yesterday.toISOString().slice(0, 10)) return capitalized(relative.format(-1, "day"));
  return capitalized((shown.slice(0, 4) === today.slice(0, 4) ? day : dayOfYear).format(moment));
}

/** The day and time of `moment` in words. */
export const inFull = (moment) => full.format(moment);

/** When `moment` is today, to the second. */
export const toTheSecond = (moment) => seconds.format(moment);

/** Rewrite every `<time>` in `root`: the hour by default, for data-style="recent" the date unless it is today. */
export function localize(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const isDated = element.dataset.style === "recent" && dayOf(moment) !== dayOf(new Date());
    element.textContent = (isDated ? date : time).format(moment);
    element.title = full.format(moment);
  }
}

/** Tell the server the reader's zone. */
export function rememberTimeZone() {
  if (!timeZone) return;
  document.cookie = `time_zone=${timeZone}; path=/; max-age=${ZONE_COOKIE_S}; samesite=lax`;
}

/** `chosen` where this browser knows it, else the browser's own. */
function theZone(chosen) {
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: chosen || undefined }).resolvedOptions().timeZone;
  } catch {
    return theZone();
  }
}

/** A language with its script, "" for what is none: what is written in the mainland is not read in Taipei. */
function written(candidate) {
  try {
    const { language, script } = new Intl.Locale(candidate).maximize();
    return `${language}-${script}`;
  } catch {
    return "";
  }
}

function capitalized(text) {
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}
