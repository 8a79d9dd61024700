/* One tab at a time does what two should not do at once.

Web Locks where there are any: the browser passes the turn on the moment a tab closes. On plain HTTP there are none, and
tabs agree on a lease in localStorage, which its holder renews and which another takes once it has run out. */

import { quietly } from "chat/drafts";

const LEASE_MS = 4_000;
const RENEWED_EVERY_MS = 1_000; // as often as a hidden tab may at best
const SETTLED_AFTER_MS = 50; // what another tab wrote has arrived by then

/** Run `work` when it is this tab's turn; `work` gets a function that tells whether it still is. */
export async function inTurn(name, work) {
  if (navigator.locks) return navigator.locks.request(name, () => work(() => true));
  const lease = new Lease(`turn:${name}`);
  await lease.take();
  try {
    return await work(() => lease.isOurs);
  } finally {
    lease.release();
  }
}

class Lease {
  #key;
  #owner = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #renewal = null;
  #leave = () => this.release();
  #isAlone = false; // where nothing can be stored nothing is shared either

  constructor(key) {
    this.#key = key;
  }

  get isOurs() {
    const lease = this.#read();
    return this.#isAlone || (lease?.owner === this.#owner && lease.until > Date.now());
  }

  async take() {
    while (!(await this.#tryToTake())) await this.#freed();
    this.#renewal = setInterval(() => this.isOurs && this.#write(), RENEWED_EVERY_MS);
    addEventListener("pagehide", this.#leave);
  }

  release() {
    clearInterval(this.#renewal);
    removeEventListener("pagehide", this.#leave);
    if (this.isOurs) quietly(() => localStorage.removeItem(this.#key));
  }

  /** Two may write at once: the one whose name stands there in the end has it. */
  async #tryToTake() {
    if (this.#read()?.until > Date.now()) return false;
    this.#write();
    await pause(SETTLED_AFTER_MS);
    this.#isAlone = !this.#read();
    return this.isOurs;
  }

  async #freed() {
    let listener;
    const told = new Promise((resolve) => {
      listener = (event) => event.key === this.#key && !event.newValue && resolve();
      addEventListener("storage", listener);
    });
    await Promise.race([told, pause(RENEWED_EVERY_MS)]);
    removeEventListener("storage", listener);
  }

  #read() {
    return quietly(() => JSON.parse(localStorage.getItem(this.#key)));
  }

  #write() {
    const lease = JSON.stringify({ owner: this.#owner, until: Date.now() + LEASE_MS });
    quietly(() => localStorage.setItem(this.#key, lease));
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
