/* The CSRF token of the moment: logging in again in another tab changes it under every page that is open. */

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

function hidden(name, value) {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value });
}
