// What is to be written of a record: gathered while it waits, made into cells of a batch when its turn comes.
import type { Change, EndedRow, UserRecord } from "../../core/model.ts";
import type { AppData } from "../memory/app-data.ts";
import type { Batch } from "./batch.ts";
import { type KeptApp, userText } from "./user-data.ts";

/** A record that waits to be written. */
export interface Waiting {
  readonly app: AppData;
  /** Number of the change that made it wait. */
  readonly firstChange: number;
  /** Targets whose rows were made, refreshed or ended. */
  readonly targets: Set<string>;
  readonly ended: EndedRow[];
  friends: boolean;
  /** What stands on disk is not known, or all of it has changed: everything is written anew. */
  whole: boolean;
}

export function newWaiting(app: AppData, firstChange: number, whole = false): Waiting {
  return { app, firstChange, targets: new Set(), ended: [], friends: false, whole };
}

/** Notes a commit; `seq` is its change number. */
export function noteChanges(waiting: Waiting, changes: readonly Change[], seq: number): void {
  for (const change of changes) {
    if (change.kind === "subscribed") waiting.targets.add(change.target);
    else if (change.kind === "ended") {
      waiting.targets.add(change.target);
      waiting.ended.push({ target: change.target, generation: change.generation, reason: change.reason, seq });
    } else if (change.kind === "friends") waiting.friends = true;
    else if (change.kind === "gone") waiting.whole = true;
  }
}

export function putApp(batch: Batch, appNo: number, app: AppData): void {
  const { epoch, seq, features, featuresSeq, rowsEra, stoppedAtMs, floorMs } = app;
  const kept: KeptApp = { epoch, seq, features, featuresSeq, rowsEra, stoppedAtMs, floorMs };
  batch.apps.push(appNo, app.appId, JSON.stringify(kept));
}

/** Everything of the record that has changed, as it is now. */
export function putUser(batch: Batch, no: { app: number; user: number }, record: UserRecord, of: Waiting): void {
  if (of.whole) batch.wiped.push(no.user);
  // Undone, and nothing of him was kept before: nothing is written anew.
  if (of.app.users.get(record.userId) !== record) return;
  batch.users.push(no.user, no.app, record.userId, userText(record));
  for (const target of of.whole ? record.rows.keys() : of.targets) {
    const row = record.rows.get(target);
    if (row === undefined) batch.rowsGone.push(no.user, target);
    else {
      const { generation, refreshMs, refreshOrder, expireMs, incarnation, seq } = row;
      batch.rows.push(no.user, target, generation, refreshMs, refreshOrder, expireMs, incarnation, seq);
    }
  }
  for (const { generation, target, reason, seq } of of.whole ? record.endedRows : of.ended) {
    batch.ended.push(no.user, generation, target, reason, seq);
  }
  if (of.ended.length > 0 && record.endedForgottenSeq > 0) {
    batch.endedForgotten.push(no.user, record.endedForgottenSeq);
  }
  if (!of.friends && !of.whole) return;
  if (record.friends.length > 0) batch.friends.push(no.user, JSON.stringify(record.friends));
  else batch.friendsGone.push(no.user);
}
