// Writes a group as one transaction. Runs on the writer's thread: nothing here may know of the rest of the server.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Batch, Cell } from "./batch.ts";
import { checksum } from "./checksum.ts";
import { pragma } from "./format.ts";

export interface GroupWriter {
  /** Durable when it returns; when it throws, nothing of it is there. */
  write(batch: Batch): void;
  /** Brings the log into the file, and gives space back, when enough of it waits. Between groups. */
  tidy(): void;
  close(): void;
}

/** Rows that may be written before the log is brought into the file; each dirties a page or two. */
const logRowsMax = 4_000;
/** Free pages are given back beyond this many, and this part of the file, in slices. */
const freePagesMax = 4_096;
const freePart = 0.25;
const vacuumSlice = 1_024;

export function createGroupWriter(file: string): GroupWriter {
  const db = new DatabaseSync(file);
  // FULL: the log is synced at each commit. What a power cut can undo was never answered.
  db.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -32768");
  db.exec("PRAGMA journal_size_limit = 67108864");
  const statements = prepare(db);
  let rowsInLog = 0;
  return {
    write: (batch) => {
      db.exec("BEGIN IMMEDIATE");
      try {
        rowsInLog += writeAll(statements, batch);
        db.exec("COMMIT");
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    },
    tidy: () => {
      if (rowsInLog < logRowsMax) return;
      rowsInLog = 0;
      db.exec("PRAGMA wal_checkpoint(PASSIVE)");
      const free = pragma(db, "freelist_count");
      if (free > Math.max(freePagesMax, freePart * pragma(db, "page_count")))
        db.exec(`PRAGMA incremental_vacuum(${vacuumSlice})`);
    },
    close: () => {
      try {
        db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } catch {
        // On a disk that is full the log stays, and is read at the next start.
      }
      db.close();
    },
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text);
  return {
    probe: sql("INSERT OR REPLACE INTO meta VALUES ('probe', ?)"),
    app: sql("INSERT OR REPLACE INTO apps VALUES (?, ?, ?, ?)"),
    wipeUser: sql("DELETE FROM users WHERE user_no = ?"),
    wipeRows: sql("DELETE FROM subscriptions WHERE user_no = ?"),
    wipeEnded: sql("DELETE FROM ended_subscriptions WHERE user_no = ?"),
    wipeFriends: sql("DELETE FROM friends WHERE user_no = ?"),
    user: sql("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?)"),
    row: sql("INSERT OR REPLACE INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    rowGone: sql("DELETE FROM subscriptions WHERE user_no = ? AND target = ?"),
    ended: sql("INSERT OR REPLACE INTO ended_subscriptions VALUES (?, ?, ?, ?, ?, ?)"),
    endedForgotten: sql("DELETE FROM ended_subscriptions WHERE user_no = ? AND seq <= ?"),
    friends: sql("INSERT OR REPLACE INTO friends VALUES (?, ?, ?)"),
  };
}

/** Answers how many rows were written. */
function writeAll(to: Statements, batch: Batch): number {
  let rows = 0;
  const each = (cells: Cell[], width: number, run: (at: number) => unknown): void => {
    for (let at = 0; at < cells.length; at += width) run(at);
    rows += cells.length / width;
  };
  /** With a checksum over them. */
  const put = (statement: StatementSync, cells: Cell[], width: number): void =>
    each(cells, width, (at) => statement.run(...cells.slice(at, at + width), checksum(cells, at, width)));
  const run = (statement: StatementSync, cells: Cell[], width: number): void =>
    each(cells, width, (at) => statement.run(...cells.slice(at, at + width)));
  if (batch.probe) to.probe.run(String(Date.now()));
  put(to.app, batch.apps, 3);
  for (const wipe of [to.wipeUser, to.wipeRows, to.wipeEnded, to.wipeFriends]) run(wipe, batch.wiped, 1);
  put(to.user, batch.users, 4);
  put(to.row, batch.rows, 8);
  run(to.rowGone, batch.rowsGone, 2);
  put(to.ended, batch.ended, 5);
  run(to.endedForgotten, batch.endedForgotten, 2);
  put(to.friends, batch.friends, 2);
  run(to.wipeFriends, batch.friendsGone, 1);
  return rows;
}
