/* What is written and not sent, kept in this browser per person and channel, for no longer than they are logged in. */

const PREFIX = "draft:";

export class Draft {
  #key;
  #known = ""; // what this page read or wrote last

  constructor(username, slug) {
    this.#key = `${PREFIX}${username}:${slug}`;
  }

  get text() {
    this.#known = this.#stored;
    return this.#known;
  }

  set text(text) {
    if (text.trim()) quietly(() => localStorage.setItem(this.#key, text));
    else if (this.#stored === this.#known) quietly(() => localStorage.removeItem(this.#key));
    this.#known = text;
  }

  /** The draft as it is; another tab may have written it, and may still have it to send. */
  get #stored() {
    return quietly(() => localStorage.getItem(this.#key)) ?? "";
  }
}

/** Forget everything that `username` wrote here and did not send. */
export function eraseDrafts(username) {
  eraseWhere((key) => key.startsWith(`${PREFIX}${username}:`));
}

/** Forget what others left here whose session ended without a log-out. */
export function eraseDraftsOfOthers(username) {
  eraseWhere((key) => !key.startsWith(`${PREFIX}${username}:`));
}

function eraseWhere(isToGo) {
  quietly(() => {
    const drafts = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    for (const key of drafts.filter(isToGo)) localStorage.removeItem(key);
  });
}

/** What `use` gives, null where storage is full or forbidden: what is kept there is a comfort, not a reason to stop. */
export function quietly(use) {
  try {
    return use();
  } catch {
    return null;
  }
}
