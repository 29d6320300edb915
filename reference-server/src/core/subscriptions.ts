// Commands on the rows of a user. Implements SPEC §10.
import { SubscriptionEndReason } from "@userstatus/protocol";
import { nextNumber } from "./derive.ts";
import type { CoreContext, RowRecord, UserRecord } from "./model.ts";
import { Refused } from "./refused.ts";
import { endRow, sortedRows } from "./rows.ts";
import type { Rules } from "./rules.ts";
import { usableSession } from "./sessions.ts";
import { grantedTtlMs } from "./ttl.ts";

/** A target that exists, at the registration at which it was seen. */
export interface Target {
  readonly userId: string;
  readonly incarnation: number;
}

/** The ttl of rows for this request; null: none of their own. Refuses (sub-ttl*, sub-ttl-absent). */
export function rowTtlMs(askedMs: number | undefined, rules: Rules): number | null {
  const ttlMs = grantedTtlMs(askedMs, rules.rowTtl, "ttl");
  if (ttlMs === null && rules.rowTtl.callerTtl) {
    throw new Refused("TTL_OUT_OF_RANGE", "this profile has no default: give a ttl", { metadata: { field: "ttl" } });
  }
  return ttlMs;
}

/** Makes or refreshes rows in list order; evicts beyond the cap (sub-refresh, sub-generation, sub-cap*). */
export function subscribe(
  record: UserRecord,
  sessionId: string,
  targets: readonly Target[],
  ttlMs: number | null,
  nowMs: number,
  context: CoreContext,
): void {
  usableSession(record, sessionId);
  const expireMs = ttlMs === null ? null : nowMs + ttlMs;
  const mine = new Set(targets.map(({ userId }) => userId));
  for (const target of targets) {
    const standing = record.rows.get(target.userId);
    if (standing && standing.incarnation !== target.incarnation) {
      endRow(record, standing, SubscriptionEndReason.TARGET_GONE, context);
    }
    if (!record.rows.has(target.userId)) evictBeyondCap(record, mine, context);
    putRow(record, target, expireMs, nowMs, context);
  }
  record.rowDueMs = Math.min(record.rowDueMs, expireMs ?? Number.POSITIVE_INFINITY);
}

function putRow(
  record: UserRecord,
  target: Target,
  expireMs: number | null,
  nowMs: number,
  context: CoreContext,
): void {
  const standing = record.rows.get(target.userId);
  const refresh = { refreshMs: nowMs, refreshOrder: ++record.lastRefreshOrder, expireMs, seq: context.seq };
  if (standing) {
    Object.assign(standing, refresh);
    // Insertion order is refresh order, so that the first row of the map is the one to evict.
    record.rows.delete(target.userId);
    record.rows.set(target.userId, standing);
  } else {
    record.lastGeneration = nextNumber(record.lastGeneration, nowMs);
    record.rows.set(target.userId, {
      target: target.userId,
      generation: record.lastGeneration,
      incarnation: target.incarnation,
      ...refresh,
    });
  }
  context.changes.push({ kind: "subscribed", target: target.userId });
}

/** Makes room for one row: a batch never evicts its own. */
function evictBeyondCap(record: UserRecord, mine: ReadonlySet<string>, context: CoreContext): void {
  if (record.rows.size < context.rules.maxSubscriptions) return;
  for (const row of record.rows.values()) {
    if (mine.has(row.target)) continue;
    endRow(record, row, SubscriptionEndReason.EVICTED, context);
    return;
  }
  // Only where the cap is smaller than a batch: then the batch's own earliest go.
  const earliest = record.rows.values().next().value;
  if (earliest) endRow(record, earliest, SubscriptionEndReason.EVICTED, context);
}

/**
 * Ends rows; "all": every one. Answers the users that no row is left to. Rows that `live` shows to be of deleted targets had ended before, and
 * end as such.
 */
export function unsubscribe(
  record: UserRecord,
  sessionId: string,
  targets: readonly string[] | "all",
  context: CoreContext,
  live?: ReadonlyMap<string, number>,
): string[] {
  usableSession(record, sessionId);
  if (live !== undefined) dropGone(record, live, context);
  const named = targets === "all" ? sortedRows(record).map((row) => row.target) : targets;
  for (const target of named) {
    const row = record.rows.get(target);
    if (row) endRow(record, row, SubscriptionEndReason.UNSUBSCRIBED, context);
  }
  return [...named];
}

/** Ends rows whose target is not the one they were made for any more (sub-target-gone). */
export function dropGone(record: UserRecord, live: ReadonlyMap<string, number>, context: CoreContext): void {
  for (const row of goneRows(record, live)) endRow(record, row, SubscriptionEndReason.TARGET_GONE, context);
}

/** Rows whose target was deleted: `live` has the incarnation from which rows to each target stand. */
export function goneRows(record: Readonly<UserRecord>, live: ReadonlyMap<string, number>): RowRecord[] {
  return [...live].flatMap(([target, from]) => {
    const row = record.rows.get(target);
    return row !== undefined && row.incarnation < from ? [row] : [];
  });
}

/** The incarnation from which rows to this target stand. It only rises, so an older reading ends no newer row. */
export function liveFrom({ registered, incarnation }: Readonly<UserRecord>): number {
  return registered ? incarnation : incarnation + 1;
}

/** Replaces the friend list. */
export function setFriends(record: UserRecord, friends: readonly string[], context: CoreContext): void {
  const before = new Set(record.friends);
  const after = new Set(friends);
  if (before.size === after.size && [...after].every((id) => before.has(id))) return;
  record.friends = [...after].sort();
  record.friendsSeq = context.seq;
  context.changes.push({
    kind: "friends",
    added: record.friends.filter((id) => !before.has(id)),
    removed: [...before].filter((id) => !after.has(id)),
  });
}
