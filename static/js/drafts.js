/* What is written and not sent, kept in this browser per person and channel, and erased at log-out. */

const PREFIX = "draft:";

export class Draft {
  #key;

  constructor(username, slug) {
    this.#key = `${PREFIX}${username}:${slug}`;
  }

  get text() {
    return quietly(() => localStorage.getItem(this.#key)) ?? "";
  }

  set text(text) {
    quietly(() => (text.trim() ? localStorage.setItem(this.#key, text) : localStorage.removeItem(this.#key)));
  }
}

/** Forget everything that `username` wrote here and did not send. */
export function eraseDrafts(username) {
  quietly(() => {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(`${PREFIX}${username}:`)) localStorage.removeItem(key);
    }
  });
}

/** Storage may be full or forbidden; a draft is a comfort, not a reason to stop. */
function quietly(use) {
  try {
    return use();
  } catch {
    return null;
  }
}
