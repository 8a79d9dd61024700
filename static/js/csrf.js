/* The CSRF token of the moment, in forms and in what scripts send: logging in again in another tab changes it under
every page that is open. */

const TIMEOUT_MS = 10_000;
const BARRED = new Set(["logged_out", "csrf_failed", "other_author"]);

/** No answer, or one that says to come back later: because of the server, or as its user is too fast (`isTooFast`). */
export class Unavailable extends Error {}

/** Whom the page was made for is not logged in any more. */
export class Barred extends Error {}

/** The token in the cookie, undefined when there is none. */
export function csrfToken() {
  const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
  return cookie?.slice("csrftoken=".length);
}

/**
 * Have every form sent with the token of the moment, whoever reads its fields, and with the name of whom the page was
 * made for: the token alone would let it act for somebody who logged in in another tab.
 */
export function keepTokensFresh() {
  const { username } = document.body.dataset;
  const refresh = ({ target: form }) => {
    const input = form.elements.namedItem("csrfmiddlewaretoken");
    if (!input) return;
    input.value = csrfToken() ?? input.value;
    if (username && !form.elements.namedItem("author")) form.append(hidden("author", username));
  };
  document.addEventListener("submit", refresh, { capture: true }); // before anybody on the form itself
}

/**
 * What the server answers in JSON, be it a refusal, and whether it is none as `ok`. Throws Barred, Unavailable (with
 * `retryAfterS` where the server named a time), or what fetch throws when there is no answer.
 */
export async function request(url, { headers = {}, ...options } = {}) {
  const response = await fetch(url, {
    ...options,
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() ?? "", ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const answer = isJson ? await response.json() : {};
  const { status } = response;
  if (response.redirected || status === 401 || BARRED.has(answer.code)) throw Object.assign(new Barred(), answer);
  // A refusal of ours is JSON; anything else comes from something in between.
  if (status === 429 || status >= 500 || (!response.ok && !isJson)) {
    const retryAfterS = Number(response.headers.get("Retry-After")) || 0;
    throw Object.assign(new Unavailable(`status ${status}`), { retryAfterS, isTooFast: status === 429 });
  }
  return { ...answer, ok: response.ok };
}

function hidden(name, value) {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value });
}
