/* Who is writing a message right now: tells it of the viewer, as long as somebody else looks, and shows it of others below
the composer. */

import { request } from "chat/csrf";
import { live } from "chat/live";
import { filled, isolated, word } from "chat/words";

const TOLD_EVERY_MS = 3_000;
const UNHEARD_TOLD_EVERY_MS = 30_000; // while nobody else has the channel open
const SHOWN_MS = 5_000;

/** `form` is the composer; `place` the timeline's dataset. Aborting `signal` ends it. */
export function startTyping(form, place, signal) {
  const { slug, username, typingUrl } = place;
  const typists = new Map(); // by username: the name, and when it goes away
  const line = form.querySelector(".composer__typing");
  let toldAt = 0;
  let heardAt = 0; // when there was a sign of somebody else who looks

  function draw() {
    const names = [...typists.values()].map(({ name }) => isolated(name));
    const sentence = names.length > 2 ? word("typing_many") : word(`typing_${names.length}`);
    line.textContent = filled(sentence, { a: names[0], b: names[1] });
  }

  function forget(typist) {
    clearTimeout(typists.get(typist)?.timer);
    if (typists.delete(typist)) draw();
  }

  const isHeard = () => heardAt >= toldAt;

  form.addEventListener("input", ({ target }) => {
    const wait = isHeard() ? TOLD_EVERY_MS : UNHEARD_TOLD_EVERY_MS;
    if (!live.isUp || !target.value.trim() || Date.now() - toldAt < wait) return;
    toldAt = Date.now();
    const body = new URLSearchParams({ author: username, ticket: place.ticket });
    request(typingUrl, { method: "POST", body }).catch((error) => console.info("Not told:", error.message));
  });
  form.addEventListener("submit", () => isHeard() && (toldAt = 0));
  const hear = (name, listener) => live.addEventListener(name, ({ detail }) => detail.slug === slug && listener(detail), { signal });
  signal.addEventListener("abort", () => [...typists.keys()].forEach(forget));
  hear("heard", () => (heardAt = Date.now()));
  hear("typing", (detail) => {
    if (detail.username === username || place.blocked.split(" ").includes(detail.username)) return;
    if (!place.ticket) return; // who can't answer any more looks on, as guests do, who are not shown it
    heardAt = Date.now();
    clearTimeout(typists.get(detail.username)?.timer);
    const timer = setTimeout(() => forget(detail.username), SHOWN_MS);
    typists.set(detail.username, { name: detail.name, timer });
    draw();
  });
  hear("count", (detail) => {
    if (detail.new.some(([, author]) => author !== username)) heardAt = Date.now();
    for (const [, author] of detail.new) forget(author);
  });
}
