// Rows that were read: thousands of them cost more to carry and to read than all else of a user, and change seldom beside his leases and texts.
import type { UserRecord } from "../../core/model.ts";
import { decodeRows, type KnownRows } from "./codec.ts";
import type { StoredRecord } from "./link.ts";

export interface RowsCache {
  /** Rows that are known of a user: a reading says by their version whether they still hold. */
  known(user: string): KnownRows | undefined;
  /** The rows of a reading that was told of these; kept for the next. */
  take(user: string, stored: StoredRecord, known: KnownRows | undefined): KnownRows;
  /** Rows as they were written with this version. */
  put(user: string, record: Readonly<UserRecord>, version: number): void;
  /** Forgets all: after a loss what stands is older than what was read. */
  clear(): void;
}

/** Rows of all users together that are kept; beyond it those go that were not used for longest. */
const rowsMax = 500_000;

export function createRowsCache(): RowsCache {
  // In order of use, the last one last.
  const users = new Map<string, KnownRows>();
  let size = 0;
  const sizeOf = ({ rows, endedRows }: KnownRows): number => 1 + rows.size + endedRows.length;

  const keep = (user: string, rows: KnownRows): KnownRows => {
    const before = users.get(user);
    // Readings overtake one another.
    if (before !== undefined && before.version > rows.version) return rows;
    if (before !== undefined) size -= sizeOf(before);
    users.delete(user);
    users.set(user, rows);
    size += sizeOf(rows);
    for (const [oldest, held] of users) {
      if (size <= rowsMax || oldest === user) break;
      users.delete(oldest);
      size -= sizeOf(held);
    }
    return rows;
  };
  return {
    clear: () => {
      users.clear();
      size = 0;
    },
    known: (user) => users.get(user),
    take: (user, stored, known) => keep(user, decodeRows(stored, known)),
    put: (user, { rows, endedRows }, version) =>
      void keep(user, { version, rows: new Map(rows), endedRows: [...endedRows] }),
  };
}
