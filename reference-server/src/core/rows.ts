// Rows of the subscription list: how one ends, and is remembered.
import type { SubscriptionEndReason } from "@userstatus/protocol";
import { type CoreContext, endedRowsMax, type RowRecord, type UserRecord } from "./model.ts";

/** Ends a row: deletes it, remembers it for those who resume, and tells. */
export function endRow(record: UserRecord, row: RowRecord, reason: SubscriptionEndReason, context: CoreContext): void {
  record.rows.delete(row.target);
  record.endedRows.push({ target: row.target, generation: row.generation, reason, seq: context.seq });
  if (record.endedRows.length > endedRowsMax) {
    const forgotten = record.endedRows.splice(0, record.endedRows.length - endedRowsMax);
    record.endedForgottenSeq = forgotten.at(-1)?.seq ?? record.endedForgottenSeq;
  }
  context.changes.push({ kind: "ended", target: row.target, generation: row.generation, reason });
}

/** Ends all rows. */
export function endAllRows(record: UserRecord, reason: SubscriptionEndReason, context: CoreContext): void {
  for (const row of [...record.rows.values()]) endRow(record, row, reason, context);
  record.rowDueMs = Number.POSITIVE_INFINITY;
}

/** Rows by the bytes of user_id (ids are ASCII, so code units are bytes). */
export function sortedRows(record: UserRecord): RowRecord[] {
  return [...record.rows.values()].sort((a, b) => (a.target < b.target ? -1 : a.target > b.target ? 1 : 0));
}
