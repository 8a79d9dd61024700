/* Times in the reader's own zone and manner; the zone is told to the server for the next page. */

const ZONE_COOKIE_S = 365 * 24 * 60 * 60;

const language = document.documentElement.lang || "en";
// The reader's own variant of the page's language, if there is one: 24 hours or 12, day or month first.
// British rather than American when the browser names none, which is how the server writes it.
const locale =
  navigator.languages.find((candidate) => candidate.startsWith(`${language}-`)) ??
  (language === "en" ? "en-GB" : language);

const time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** The day of `moment` in the reader's zone, as YYYY-MM-DD. */
export function dayOf(moment) {
  const part = (value) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${part(moment.getMonth() + 1)}-${part(moment.getDate())}`;
}

/** The day of `moment` in words: "Today", "Yesterday", else its name. */
export function dayName(moment) {
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayOf(moment) === dayOf(now)) return capitalized(relative.format(0, "day"));
  if (dayOf(moment) === dayOf(yesterday)) return capitalized(relative.format(-1, "day"));
  return (moment.getFullYear() === now.getFullYear() ? day : dayOfYear).format(moment);
}

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
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  document.cookie = `time_zone=${zone}; path=/; max-age=${ZONE_COOKIE_S}; samesite=lax`;
}

function capitalized(text) {
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}
