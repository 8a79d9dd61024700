/* The service worker: what is shown while the server can't be reached.

Pages come from the server, always, and what it answers is shown, be it an error. Kept are the offline page, our own files,
whose names change with their content, and one page of a channel: the last one seen, for as long as every page that comes is
for the same person. /service-worker.js runs this with SITE, which says what belongs to the release. */

const FILES = `files-${SITE.release}`;
const SEEN = `seen-${SITE.release}`;
const SEEN_PAGE = "/seen"; // a name in that cache alone
const CHOSEN_THEME = "/theme"; // a name in the cache of files alone
const PERSON = "X-Page-For";
const THEME = "X-Page-Theme";
const CHANGES_PERSON = /\/(login|logout|signup)\/$/;
const CHANNEL = /^\/channels\/[^/]+\/$/;

const files = new Set(SITE.files);
let changesOfPerson = 0;
let ahead = null; // a page that a script asked for before anybody wanted to see it

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "POST" && CHANGES_PERSON.test(pathname)) event.waitUntil(changePerson());
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(event, pathname));
  else if (files.has(pathname)) event.respondWith(file(request, pathname));
  else if (CHANNEL.test(pathname) && request.headers.get("Accept") === "text/html") event.respondWith(partOfPage(event));
});

/**
 * A page says that it shows what was fetched ahead, or what a form led to, whose answer this did not see; or that it came
 * before this was at work.
 */
addEventListener("message", (event) => {
  const { seen } = event.data;
  if (!seen) event.waitUntil(takeOver());
  else event.waitUntil(ahead?.url === seen ? learn(ahead, changesOfPerson) : keep(seen));
  ahead = null;
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(lead(event.notification.data));
});

async function install() {
  const cache = await caches.open(FILES);
  await cache.addAll([SITE.offline, ...SITE.files]);
  await skipWaiting();
}

async function activate() {
  const others = (await caches.keys()).filter((name) => name !== FILES && name !== SEEN);
  await Promise.all(others.map((name) => caches.delete(name)));
  await registration.navigationPreload?.enable(); // the server is asked while this starts
  await keepWhatIsOpen(); // another release kept it, and its files are gone
}

async function takeOver() {
  await clients.claim();
  await keepWhatIsOpen();
}

async function keepWhatIsOpen() {
  const open = await clients.matchAll({ type: "window" });
  const channel = open.find(({ url }) => new URL(url).pathname.startsWith("/channels/"));
  if (channel) await keep(channel.url);
}

async function keep(url) {
  const changes = changesOfPerson;
  const response = await fetch(url, { headers: { "HX-Preloaded": "true" } }).catch(() => null);
  if (response && !response.redirected) await learn(response, changes);
}

async function page(event, pathname) {
  const changes = changesOfPerson;
  try {
    const response = (await event.preloadResponse) ?? (await fetch(event.request));
    event.waitUntil(learn(response.clone(), changes));
    return response;
  } catch {
    return withoutServer(pathname);
  }
}

/** A page that a script puts in the place of another. */
async function partOfPage(event) {
  const changes = changesOfPerson;
  const response = await fetch(event.request);
  if (event.request.headers.has("HX-Preloaded")) ahead = response.clone();
  else event.waitUntil(learn(response.clone(), changes));
  return response;
}

/** What a page that came says of who is logged in, and in which language; kept, if the server wants it to be. */
async function learn(response, changes) {
  if (response.status !== 200) return;
  const cache = await caches.open(SEEN);
  const seen = await cache.match(SEEN_PAGE);
  if (seen && seen.headers.get(PERSON) !== response.headers.get(PERSON)) await cache.delete(SEEN_PAGE);
  if (response.headers.has("X-Page-Kept")) {
    if (changes === changesOfPerson) await cache.put(SEEN_PAGE, response);
    if (changes !== changesOfPerson) await cache.delete(SEEN_PAGE); // they left while it came
  }
  await followLanguage(response.headers.get("Content-Language"));
  await followTheme(response.headers.get(THEME));
}

/** Before the log-in no page says which it is: that of last time stays, as on the pages there. */
async function followTheme(theme) {
  if (theme && theme !== (await chosenTheme())) await (await caches.open(FILES)).put(CHOSEN_THEME, new Response(theme));
}

async function chosenTheme() {
  return (await held(CHOSEN_THEME))?.text() ?? "system";
}

async function followLanguage(language) {
  const cache = await caches.open(FILES);
  const offline = await cache.match(SITE.offline, { ignoreVary: true });
  if (language && offline?.headers.get("Content-Language") !== language) await cache.add(SITE.offline).catch(() => {});
}

async function changePerson() {
  changesOfPerson += 1;
  ahead = null;
  await caches.delete(SEEN);
}

async function withoutServer(pathname) {
  const seen = await caches.match(SEEN_PAGE, { cacheName: SEEN, ignoreVary: true });
  if (!seen) return offlinePage();
  const address = new URL(seen.url);
  if (pathname === address.pathname) return asOf(seen);
  if (pathname === "/") return Response.redirect(address.pathname);
  return changed(await offlinePage(), 'href="#kept" hidden', `href="${address.pathname}"`);
}

async function offlinePage() {
  return changed(await held(SITE.offline), "<html ", `<html data-theme="${await chosenTheme()}" `);
}

/** The page as it came, with when that was for its scripts. */
function asOf(seen) {
  return changed(seen, "<html ", `<html data-as-of="${seen.headers.get("Date")}" `);
}

async function changed(response, part, other) {
  const { headers } = response;
  return new Response((await response.text()).replace(part, () => other), { headers });
}

async function file(request, pathname) {
  return (await held(pathname)) ?? fetch(request);
}

function held(pathname) {
  return caches.match(pathname, { cacheName: FILES, ignoreVary: true });
}

/** To the message of a notice, in the window that was used last. */
async function lead(address) {
  const [open] = await clients.matchAll({ type: "window" });
  if (!open) return clients.openWindow(address);
  await open.focus().catch(() => {}); // as far as the browser lets it
  return open.navigate(address);
}
