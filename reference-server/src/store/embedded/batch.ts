// What is handed to the writer as one transaction: flat lists of primitives, which cross to its thread cheaply.

export type Cell = string | number | null;

/** One atomic group of changes. Every list repeats the cells that its comment names. */
export interface Batch {
  /** app_no, app_id, data */
  readonly apps: Cell[];
  /** user_no: everything of him goes first. */
  readonly wiped: Cell[];
  /** user_no, app_no, user_id, data */
  readonly users: Cell[];
  /** user_no, target, generation, refresh_ms, refresh_order, expire_ms, incarnation, seq */
  readonly rows: Cell[];
  /** user_no, target */
  readonly rowsGone: Cell[];
  /** user_no, generation, target, reason, seq */
  readonly ended: Cell[];
  /** user_no, seq: ended rows up to this change number are forgotten. */
  readonly endedForgotten: Cell[];
  /** user_no, data */
  readonly friends: Cell[];
  /** user_no */
  readonly friendsGone: Cell[];
  /** Has something written in any case, to see whether that works again. */
  readonly probe: boolean;
}

/** Writes groups one after the other. */
export interface Writer {
  /** Resolves when the group is durable; rejects when nothing of it was written. One at a time. */
  write(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

export function emptyBatch(probe: boolean): Batch {
  return {
    apps: [],
    wiped: [],
    users: [],
    rows: [],
    rowsGone: [],
    ended: [],
    endedForgotten: [],
    friends: [],
    friendsGone: [],
    probe,
  };
}
