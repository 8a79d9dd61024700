/* The icon of the tab, with a number on it. */

const icon = document.querySelector("link[rel=icon]");
const plain = icon.href;
let drawing = null; // with {n} for the number
let shown = "";

/** Show `text`, three characters at most; none for "". */
export async function badge(text) {
  shown = text;
  if (!text) return void (icon.href = plain);
  try {
    drawing ??= fetch(icon.dataset.unread).then((response) => (response.ok ? response.text() : Promise.reject(response)));
    const svg = (await drawing).replace("{n}", text);
    if (shown === text) icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  } catch {
    drawing = null; // the next number tries again
  }
}
