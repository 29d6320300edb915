// What a user of the load must find after a crash. Pure.

export interface UserState {
  readonly text: string | null;
  /** Ids of sessions by device. */
  readonly sessions: Readonly<Record<string, string>>;
  /** Expiries of rows by target, as they were answered. */
  readonly rows: Readonly<Record<string, string>>;
}

export const blankState: UserState = { text: null, sessions: {}, rows: {} };

/** What is known of a user: the state that was acknowledged last, and those that calls without an answer may have made of it since. */
export interface Knowledge {
  acknowledged: UserState;
  possible: UserState[];
}

export type Finding = "as acknowledged" | "as asked" | "lost" | "half";

/** What was found, against what is known. An expiry or id that was never answered is not known: `?` stands for any. */
export function judge(found: UserState, { acknowledged, possible }: Knowledge): Finding {
  if (sameState(found, acknowledged)) return "as acknowledged";
  if (possible.some((state) => sameState(found, state))) return "as asked";
  return possible.length === 0 ? "lost" : "half";
}

/** `?` in what is wanted stands for any. */
export function sameState(found: UserState, wanted: UserState): boolean {
  return (
    found.text === wanted.text &&
    sameEntries(found.sessions, wanted.sessions) &&
    sameEntries(found.rows, wanted.rows) &&
    oneUnknownExpiry(found.rows, wanted.rows)
  );
}

function sameEntries(found: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(wanted);
  if (Object.keys(found).length !== keys.length) return false;
  return keys.every((key) => found[key] !== undefined && (wanted[key] === "?" || found[key] === wanted[key]));
}

/** Rows that one call made end at one time: two times would be two halves. */
function oneUnknownExpiry(found: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  const unknown = Object.keys(wanted).filter((target) => wanted[target] === "?");
  return new Set(unknown.map((target) => found[target])).size <= 1;
}
