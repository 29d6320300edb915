// Reads what was kept: everything at the start, single records when changes have to be undone. On the server's thread.
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { SubscriptionEndReason } from "@userstatus/protocol";
import type { EndedRow, RowRecord, UserRecord } from "../../core/model.ts";
import type { Rules } from "../../core/rules.ts";
import type { Cell } from "./batch.ts";
import { checksum } from "./checksum.ts";
import { FormatError } from "./format.ts";
import { type KeptApp, userFrom } from "./user-data.ts";

export interface Reader {
  apps(): { appNo: number; appId: string; kept: KeptApp }[];
  /** Every user, in the order of their numbers. Gone through once. */
  users(): Iterable<{ userNo: number; appNo: number; record: UserRecord }>;
  /** undefined: nothing was kept. */
  app(appNo: number): KeptApp | undefined;
  user(userNo: number): UserRecord | undefined;
  meta(key: string): string | undefined;
}

type Cells = SQLOutputValue[];

const userSql = "SELECT user_no, app_no, user_id, data, sum FROM users";
const rowSql =
  "SELECT user_no, target, generation, refresh_ms, refresh_order, expire_ms, incarnation, seq, sum FROM subscriptions";
const endedSql = "SELECT user_no, generation, target, reason, seq, sum FROM ended_subscriptions";
const friendsSql = "SELECT user_no, data, sum FROM friends";

export function createReader(db: DatabaseSync, rules: Rules): Reader {
  const cells = (sql: string) => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement as unknown as {
      iterate(...of: Cell[]): IterableIterator<Cells>;
      all(...of: Cell[]): Cells[];
      get(...of: Cell[]): Cells | undefined;
    };
  };
  const oneUser = cells(`${userSql} WHERE user_no = ?`);
  const hisRows = cells(`${rowSql} WHERE user_no = ?`);
  const hisEnded = cells(`${endedSql} WHERE user_no = ? ORDER BY seq, generation`);
  const hisFriends = cells(`${friendsSql} WHERE user_no = ?`);
  const oneApp = cells("SELECT app_no, app_id, data, sum FROM apps WHERE app_no = ?");
  const appFrom = (of: Cells): KeptApp => JSON.parse(String(checked(of, "an app")[2])) as KeptApp;
  const recordFrom = (of: Cells, rows: readonly Cells[], ended: readonly Cells[], friends: Cells | undefined) => {
    const [, , userId, data] = checked(of, "a user");
    const parts = {
      rows: rows.map(rowFrom),
      ended: ended.map(endedFrom),
      friends: friends === undefined ? [] : (JSON.parse(String(checked(friends, "a list of friends")[1])) as string[]),
    };
    return userFrom(String(userId), String(data), parts, rules);
  };
  return {
    apps: () =>
      cells("SELECT app_no, app_id, data, sum FROM apps ORDER BY app_no")
        .all()
        .map((of) => ({ appNo: Number(of[0]), appId: String(of[1]), kept: appFrom(of) })),
    *users() {
      const rows = grouped(cells(`${rowSql} ORDER BY user_no, target`).iterate());
      const ended = grouped(cells(`${endedSql} ORDER BY user_no, seq, generation`).iterate());
      const friends = grouped(cells(`${friendsSql} ORDER BY user_no`).iterate());
      for (const of of cells(`${userSql} ORDER BY user_no`).iterate()) {
        const userNo = Number(of[0]);
        const record = recordFrom(of, rows(userNo), ended(userNo), friends(userNo)[0]);
        yield { userNo, appNo: Number(of[1]), record };
      }
    },
    app: (appNo) => {
      const of = oneApp.get(appNo);
      return of && appFrom(of);
    },
    user: (userNo) => {
      const of = oneUser.get(userNo);
      return of && recordFrom(of, hisRows.all(userNo), hisEnded.all(userNo), hisFriends.get(userNo));
    },
    meta: (key) => {
      const of = cells("SELECT value FROM meta WHERE key = ?").get(key);
      return of && String(of[0]);
    },
  };
}

function rowFrom(of: Cells): RowRecord {
  const [, target, generation, refreshMs, refreshOrder, expireMs, incarnation, seq] = checked(of, "a subscription");
  return {
    target: String(target),
    generation: Number(generation),
    refreshMs: Number(refreshMs),
    refreshOrder: Number(refreshOrder),
    expireMs: expireMs === null ? null : Number(expireMs),
    incarnation: Number(incarnation),
    seq: Number(seq),
  };
}

function endedFrom(of: Cells): EndedRow {
  const [, generation, target, reason, seq] = checked(of, "an ended subscription");
  return {
    target: String(target),
    generation: Number(generation),
    reason: Number(reason) as SubscriptionEndReason,
    seq: Number(seq),
  };
}

/** The last cell is the checksum of the others. */
function checked(cells: Cells, what: string): Cells {
  const count = cells.length - 1;
  if (checksum(cells as Cell[], 0, count) !== Number(cells[count])) {
    throw new FormatError(`${what} in it is not what was written (${String(cells[0])})`);
  }
  return cells;
}

const none: readonly Cells[] = [];

/** Of rows in the order of their user numbers: those of one user at a time, asked for in the same order. */
function grouped(rows: IterableIterator<Cells>): (userNo: number) => readonly Cells[] {
  let next = rows.next();
  return (userNo) => {
    if (next.done || Number(next.value[0]) > userNo) return none;
    const found: Cells[] = [];
    while (!next.done && Number(next.value[0]) <= userNo) {
      if (Number(next.value[0]) === userNo) found.push(next.value);
      next = rows.next();
    }
    return found;
  };
}
