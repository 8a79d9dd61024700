/* Folds what people say whom the viewer blocked. A message is the same for every viewer; that one is folded is a matter of
style alone, by rules that a page brings along and that are renewed here. */

const sheet = new CSSStyleSheet();

/** `usernames`: those whose messages are folded from now on, with spaces between. */
export function fold(usernames) {
  const authors = usernames.split(" ").filter(Boolean).map((name) => `[data-author="${CSS.escape(name)}"]`);
  const message = `.message:is(${authors.join(", ")})`;
  sheet.replaceSync(
    authors.length
      ? `@layer components {
          ${message} > .message__fold { display: block; }
          ${message} > .message__fold:not([open]) ~ :not(.message__tools) { display: none; }
        }`
      : "",
  );
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);
  document.querySelector("style[data-folds]")?.remove(); // the rules that this page came with
}
