/* The CSRF token of the moment: logging in again in another tab changes it under every page that is open. */

/** The token in the cookie, undefined when there is none. */
export function csrfToken() {
  const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
  return cookie?.slice("csrftoken=".length);
}

/** Have every form sent with the token of the moment, whoever reads its fields. */
export function keepTokensFresh() {
  const refresh = ({ target: { elements } }) => {
    const input = elements.namedItem("csrfmiddlewaretoken");
    if (input) input.value = csrfToken() ?? input.value;
  };
  document.addEventListener("submit", refresh, { capture: true }); // before anybody on the form itself
}
