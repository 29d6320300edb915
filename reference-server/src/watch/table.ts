// What waits for one stream: the latest value of each key, in order of first arrival. Implements SPEC §11.2 (watch-conflates).
// There is one for each Watch and it changes for each watcher of each change, so it is an array: a status is found by its place, which is kept where the
// Watch keeps how it sees the target, and nothing is made to note it. An empty table holds nothing.
import type { WatchEvent } from "@userstatus/protocol";

export type Event = WatchEvent["event"];

export interface Waiting {
  /** Of a user: a letter, a space, and his id. No user id has a space, so that none can be taken for another key. */
  readonly key: string;
  readonly event: Event;
  /** A text or row in it ends then; what waits longer is settled again before it leaves. */
  readonly expireMs: number;
}

/** Where a status waits. */
export interface Place {
  /** Number of the entry, of all that this table ever had; what is gone counts too. -1: none. */
  waiting: number;
}

const nothing: readonly (Waiting | undefined)[] = Object.freeze([]);
/** So many holes are left alone. */
const holesMin = 64;

export class WaitingTable {
  /** Holes: what was dropped. */
  #entries: (Waiting | undefined)[] = nothing as (Waiting | undefined)[];
  /** Number of the first entry. */
  #first = 0;
  #holes = 0;
  /** Numbers of the entries that are no statuses, by key; made when it is needed. */
  #others: Map<string, number> | undefined;

  get size(): number {
    return this.#entries.length - this.#holes;
  }

  /** In order. */
  get entries(): readonly (Waiting | undefined)[] {
    return this.#entries;
  }

  putStatus(status: Waiting, place: Place): void {
    const at = place.waiting - this.#first;
    if (at >= 0) this.#entries[at] = status;
    else place.waiting = this.#push(status);
  }

  /** The status that waits there, if any, does not leave. */
  dropStatus(place: Place): void {
    const at = place.waiting - this.#first;
    place.waiting = -1;
    if (at < 0) return;
    this.#entries[at] = undefined;
    this.#holes++;
  }

  /** Anything but a status. */
  put(other: Waiting): void {
    const found = this.#entries.length === 0 ? undefined : this.#numbers().get(other.key);
    if (found !== undefined) this.#entries[found - this.#first] = other;
    else {
      const number = this.#push(other);
      this.#others?.set(other.key, number);
    }
  }

  /** Puts these in place of all; `placeOf` tells where the place of a status is kept. */
  reset(entries: readonly Waiting[], placeOf: (status: Waiting) => Place | undefined): void {
    this.clear();
    for (const entry of entries) {
      const number = this.#push(entry);
      const place = entry.event.case === "status" ? placeOf(entry) : undefined;
      if (place) place.waiting = number;
    }
  }

  /** Takes the status that waits alone; undefined: more waits, or something else, or nothing. */
  takeOnly(): (Event & { case: "status" }) | undefined {
    if (this.#entries.length !== 1) return undefined;
    const event = this.#entries[0]?.event;
    if (event?.case !== "status") return undefined;
    // The array stays, for the next one.
    this.#entries.pop();
    this.#first++;
    this.#others = undefined;
    return event;
  }

  /** The first ones have left, holes counted. */
  removeFirst(count: number): void {
    if (count === this.#entries.length) {
      this.clear();
      return;
    }
    for (const gone of this.#entries.splice(0, count)) if (gone === undefined) this.#holes--;
    this.#first += count;
    this.#others = undefined;
  }

  clear(): void {
    this.#first += this.#entries.length;
    this.#entries = nothing as (Waiting | undefined)[];
    this.#holes = 0;
    this.#others = undefined;
  }

  /** Whether there are so many holes that `reset` is worth its work. */
  get isSparse(): boolean {
    return this.#holes > holesMin && this.#holes > this.size;
  }

  #push(entry: Waiting): number {
    if (this.#entries === nothing) this.#entries = [entry];
    else this.#entries.push(entry);
    return this.#first + this.#entries.length - 1;
  }

  #numbers(): Map<string, number> {
    if (this.#others) return this.#others;
    const numbers = new Map<string, number>();
    for (const [at, entry] of this.#entries.entries()) {
      if (entry !== undefined && entry.event.case !== "status") numbers.set(entry.key, this.#first + at);
    }
    this.#others = numbers;
    return numbers;
  }
}
