/* Own messages until they are seen stored, kept in this browser for each person.

All tabs of that person read and write the same entries, one key each, so that two tabs never overwrite each other's. What
is taken back has a second key: it stays taken back, whatever a tab writes that has not heard of it yet. What sends them
is chat/delivery, what shows them chat/unsent. An entry is

  "waiting"   not taken by the server yet, as far as anybody here knows
  "accepted"  taken, and not seen stored yet
  "refused"   not to be sent as it is: `reason` says why
  "deleting"  taken back by its author; the server, which may have it, has still to be told: nothing else is kept of it */

import { quietly } from "chat/drafts";

const PREFIX = "outbox:";
const TAKEN_BACK = ":deleting"; // ends the second key
const SLOW_AFTER_MS = 30_000; // a person wants to know by then that it has not been sent
const HELD_AFTER_MS = 60 * 60 * 1000; // what was right to say then may not be now
const OTHERS_FORGOTTEN_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/** Event: "changed" (detail: `was` and `is`, an entry before and after, null when there is none). */
export class Outbox extends EventTarget {
  #prefix;
  #unkept = new Map(); // what storage would not take: this page alone has it

  constructor(username) {
    super();
    this.#prefix = `${PREFIX}${username}:`;
    addEventListener("storage", (event) => this.#changedElsewhere(event));
  }

  /** Every entry, the oldest first. */
  get all() {
    const entries = new Map(readAll(this.#prefix).map((entry) => [entry.clientId, entry]));
    for (const [clientId, entry] of this.#unkept) entries.set(clientId, entry);
    return [...entries.values()].sort((one, other) => one.createdAt - other.createdAt);
  }

  /** How many messages will be sent without anybody doing anything. */
  get waiting() {
    return this.all.filter((entry) => entry.state === "waiting" && !isHeld(entry)).length;
  }

  /** Whether a text would be gone with this page. */
  get wouldLose() {
    return [...this.#unkept.values()].some((entry) => entry.state === "waiting" || entry.state === "refused");
  }

  find(clientId) {
    const key = this.#prefix + clientId;
    return this.#unkept.get(clientId) ?? read(key + TAKEN_BACK) ?? read(key);
  }

  /**
   * Take `text` for a channel.
   * The place: its slug, its name, the address to post to, and the one that own messages are found below by their names.
   * What is taken back under the name `insteadOf` must be gone for sure before this is sent.
   */
  send(text, { slug, channel, url, ownUrl }, insteadOf) {
    const newest = Math.max(0, ...this.all.map((entry) => entry.createdAt));
    const createdAt = Math.max(Date.now(), newest + 1); // their order, also when the clock is set back
    const entry = { clientId: newName(), text, slug, channel, url, ownUrl, createdAt, insteadOf, state: "waiting" };
    this.#write(null, entry);
    return entry;
  }

  /** Write down what became of an entry, unless it is gone or was taken back meanwhile. */
  update(clientId, change) {
    const was = this.find(clientId);
    if (was && was.state !== "deleting") this.#write(was, { ...was, ...change });
  }

  /** It is stored: nothing more to do, unless it was taken back meanwhile. */
  settle(clientId) {
    if (this.find(clientId)?.state !== "deleting") this.forget(clientId);
  }

  forget(clientId) {
    const was = this.find(clientId);
    if (!was) return;
    this.#removeText(clientId);
    if (was.state === "deleting") quietly(() => localStorage.removeItem(this.#prefix + clientId + TAKEN_BACK));
    this.#unkept.delete(clientId);
    this.#tell(was, null);
  }

  /** It is nowhere, and will never be. In two steps, from which other tabs can tell it from a stored one. */
  drop(clientId) {
    this.#takeBack(this.find(clientId));
    this.forget(clientId);
  }

  /** Try again now: under its name while that may work, else the same text as a new entry, which is returned. */
  retry(clientId) {
    const entry = this.find(clientId);
    if (entry && isOnItsWay(entry)) this.update(clientId, { state: "waiting", urgedAt: Date.now() });
    if (entry?.state !== "refused") return null;
    this.discard(clientId);
    return this.send(entry.text, entry, clientId);
  }

  /** Take it back. Of what the server may have, or is just getting from another tab, the name is kept until it was told. */
  discard(clientId) {
    const entry = this.find(clientId);
    if (entry?.state === "refused" && !entry.isPosted) this.drop(clientId);
    else this.#takeBack(entry);
  }

  #takeBack(entry) {
    if (!entry || entry.state === "deleting") return;
    const { clientId, ownUrl, createdAt } = entry;
    const name = { clientId, ownUrl, createdAt, state: "deleting" };
    this.#keep(name);
    this.#removeText(clientId); // after the name was kept, or other tabs would take it for stored
    this.#keep(name); // storage that was full has room now
    this.#tell(entry, name);
  }

  #write(was, entry) {
    this.#keep(entry);
    this.#tell(was, entry);
  }

  #keep(entry) {
    const { clientId, state } = entry;
    const key = this.#prefix + clientId + (state === "deleting" ? TAKEN_BACK : "");
    try {
      localStorage.setItem(key, JSON.stringify(entry));
      this.#unkept.delete(clientId);
    } catch {
      this.#unkept.set(clientId, entry);
    }
  }

  #removeText(clientId) {
    quietly(() => localStorage.removeItem(this.#prefix + clientId));
  }

  #changedElsewhere({ storageArea, key, oldValue, newValue }) {
    if (storageArea !== localStorage || !key?.startsWith(this.#prefix)) return;
    if (read(key + TAKEN_BACK)) return; // what becomes of its text is of no interest any more
    this.#tell(parsed(oldValue), parsed(newValue));
  }

  #tell(was, is) {
    this.dispatchEvent(new CustomEvent("changed", { detail: { was, is } }));
  }
}

/** Whether it was not sent for so long that its author is asked before it is. */
export function isHeld(entry) {
  return entry.state === "waiting" && Date.now() >= heldFrom(entry);
}

/** Whether the server has it, safe: it was sent, also when it has to be posted once more. */
export function isSafe({ acceptedAt }) {
  return Boolean(acceptedAt);
}

/** Whether it is on its way for so long that its author should know, and may think better of it. */
export function isSlow(entry) {
  return isOnItsWay(entry) && Date.now() >= slowFrom(entry);
}

/** When an entry will be looked at in another way by itself, in milliseconds since 1970. */
export function turnsAt(entry) {
  if (!isOnItsWay(entry)) return Infinity;
  return isSlow(entry) ? heldFrom(entry) : slowFrom(entry);
}

/** How many messages of `username` would be lost if what is kept here were erased. */
export function countUnsent(username) {
  return readAll(`${PREFIX}${username}:`).filter(({ state }) => state === "waiting" || state === "refused").length;
}

/**
 * Forget every text of `username`; that some were taken back has still to be told, and says nothing. In two steps, from
 * which other tabs can tell it from a stored one: they learn of it as "erased".
 */
export function eraseOutbox(username) {
  const prefix = `${PREFIX}${username}:`;
  for (const key of keysFrom(prefix)) {
    const { clientId, state } = read(key) ?? {};
    if (state === "deleting") continue;
    quietly(() => localStorage.setItem(key, JSON.stringify({ clientId, state: "erased" })));
    quietly(() => localStorage.removeItem(key));
  }
}

/** Forget what others left here long ago, whose session ended without a log-out; until then it waits for them. */
export function forgetOutboxesOfOthers(username) {
  for (const key of keysFrom(PREFIX)) {
    if (key.startsWith(`${PREFIX}${username}:`)) continue;
    const { createdAt = 0 } = read(key) ?? {};
    if (Date.now() - createdAt > OTHERS_FORGOTTEN_AFTER_MS) quietly(() => localStorage.removeItem(key));
  }
}

const isOnItsWay = ({ state }) => state === "waiting" || state === "accepted";
const slowFrom = ({ createdAt, urgedAt = createdAt }) => urgedAt + SLOW_AFTER_MS;
const heldFrom = (entry) => (isSafe(entry) ? Infinity : (entry.urgedAt ?? entry.createdAt) + HELD_AFTER_MS);

function readAll(prefix) {
  const keys = keysFrom(prefix).sort(); // the second key of an entry comes after its first
  const found = keys.map((key) => [key.slice(prefix.length), read(key)]).filter(([name, entry]) => isWhole(name, entry));
  return [...new Map(found.map(([, entry]) => [entry.clientId, entry])).values()];
}

function isWhole(name, entry) {
  const isItsKey = entry?.state === "deleting" ? name.replace(TAKEN_BACK, "") === entry.clientId : name === entry?.clientId;
  return NAME.test(entry?.clientId) && isItsKey && STATES.has(entry.state);
}

function keysFrom(prefix) {
  return quietly(() => Object.keys(localStorage).filter((key) => key.startsWith(prefix))) ?? [];
}

function read(key) {
  return parsed(quietly(() => localStorage.getItem(key)));
}

function parsed(value) {
  return value ? quietly(() => JSON.parse(value)) : null;
}

const STATES = new Set(["waiting", "accepted", "deleting", "refused"]); // another release may know more
const NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/; // it becomes part of the page and of addresses

/** A new version 7 UUID, as messaging/names.py says; `crypto.randomUUID` is of another one, and not there on plain HTTP. */
function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes[0] = (bytes[0] & 0x0f) | 0x70;
  bytes[2] = (bytes[2] & 0x3f) | 0x80;
  const random = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const hex = Date.now().toString(16).padStart(12, "0") + random;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
