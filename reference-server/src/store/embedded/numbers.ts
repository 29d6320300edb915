// Short numbers for apps and users on disk, given once and never again.

export interface Numbers<T extends object> {
  /** Its number; a new one, if it has none yet. */
  of(thing: T): number;
  /** undefined: it has none. */
  known(thing: T): number | undefined;
  /** As it was kept. */
  put(thing: T, number: number): void;
}

export function createNumbers<T extends object>(): Numbers<T> {
  const numbers = new WeakMap<T, number>();
  let last = 0;
  const put = (thing: T, number: number): void => {
    numbers.set(thing, number);
    last = Math.max(last, number);
  };
  return {
    of: (thing) => {
      const known = numbers.get(thing);
      if (known !== undefined) return known;
      put(thing, last + 1);
      return last;
    },
    known: (thing) => numbers.get(thing),
    put,
  };
}
