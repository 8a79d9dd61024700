/* The line on top of the page while somebody waits for it; the style sheet shows it only when that takes a while. */

const line = document.getElementById("progress");
let waits = 0;

/** Something began that the reader waits for; returns what to call, once or more, when it has ended. */
export function begin() {
  let isOver = false;
  show(waits + 1);
  return () => {
    if (!isOver) show(waits - 1);
    isOver = true;
  };
}

/** Show it for forms that leave the page, and for what htmx asks. */
export function startProgress() {
  addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.method !== "dialog") addEventListener("pageshow", begin(), { once: true });
  });
  const ends = new WeakMap();
  document.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => ends.set(xhr, begin()));
  document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => ends.get(xhr)?.());
}

function show(count) {
  waits = count;
  line?.toggleAttribute("data-busy", waits > 0);
  const main = document.querySelector("main");
  if (waits) main.ariaBusy = "true";
  else main.removeAttribute("aria-busy");
}
