// Folding what answers and the stream bring into the table. Pure: each function gives the changes it made.
// Implements SPEC §19: client-fold, client-epoch, client-generation, client-snapshot, client-unknown.
import {
  ResumeResult,
  type SelfStatus,
  type SubscribedUser,
  type SubscriptionEnded,
  SubscriptionEndReason,
  type UserStatus,
  type WatchEvent,
} from "@userstatus/protocol";
import {
  type Change,
  clearTable,
  dropStatus,
  endRow,
  enterEpoch,
  newestOf,
  putAnsweredRow,
  putSelf,
  putStatus,
  putStreamedRow,
  removeRow,
  type StatusTable,
} from "./table.ts";

/** A Watch is about to be called: from here on it counts what is seen, for its `snapshot_end`. */
export function beginWatch(table: StatusTable): void {
  table.seen = { statuses: new Set(), rows: new Set() };
  table.streamEpoch = undefined;
}

/** Folds one event of the stream. Events that it does not know, or that hold no status, change nothing. */
export function foldEvent(table: StatusTable, event: WatchEvent["event"]): Change[] {
  const changes: Change[] = [];
  if (event.case === "hello") {
    table.streamEpoch = event.value.epoch;
    // The stream decides which epoch holds: should an answer have misled us, its next Watch puts it right.
    enterEpoch(table, event.value.epoch, changes);
    if (event.value.resumeResult === ResumeResult.RESUMED) table.seen = undefined;
    return changes;
  }
  // An answer told a newer epoch than this stream's, which ends with RESYNC soon.
  if (table.streamEpoch === undefined || table.streamEpoch !== table.epoch) return changes;
  switch (event.case) {
    case "status":
      putStatus(table, event.value, changes);
      table.seen?.statuses.add(event.value.userId);
      break;
    case "self":
      putSelf(table, event.value, changes);
      break;
    case "subscribed":
      putStreamedRow(table, event.value, changes);
      break;
    case "subscriptionEnded":
      foldEnded(table, event.value, changes);
      break;
    case "snapshotEnd":
      endSnapshot(table, changes);
      break;
    default:
      break;
  }
  return changes;
}

function foldEnded(table: StatusTable, ended: SubscriptionEnded, changes: Change[]): void {
  const { userId, generation, reason, stillVisible } = ended;
  if (userId === "") return;
  const held = table.rows.get(userId);
  // Also: a friend's implicit row (generation 0) that ends leaves an explicit one, and with it the status.
  if (held !== undefined && held.generation > generation) return;
  endRow(table, userId, generation, reason, stillVisible, changes);
  if (!stillVisible) dropStatus(table, userId, changes);
}

/** Under RESET drops what was neither in the snapshot nor subscribed to since the Watch was called. */
function endSnapshot(table: StatusTable, changes: Change[]): void {
  const { seen } = table;
  table.seen = undefined;
  if (seen === undefined) return;
  for (const userId of table.untoldEnds.keys()) {
    const generation = table.untoldEnds.get(userId) ?? 0n;
    const stillVisible = seen.statuses.has(userId);
    endRow(table, userId, generation, SubscriptionEndReason.UNSUBSCRIBED, stillVisible, changes);
  }
  for (const row of [...table.rows.values()]) {
    if (seen.rows.has(row.userId)) continue;
    const stillVisible = seen.statuses.has(row.userId);
    endRow(table, row.userId, row.generation, SubscriptionEndReason.UNSPECIFIED, stillVisible, changes);
  }
  for (const userId of [...table.statuses.keys()]) {
    if (!seen.statuses.has(userId) && !table.rows.has(userId)) dropStatus(table, userId, changes);
  }
}

/** Whether an answer of this epoch is to be folded. A new epoch is entered; one that was left is ignored. */
function admitsAnswer(table: StatusTable, epoch: string, changes: Change[]): boolean {
  if (epoch === "" || table.leftEpochs.has(epoch)) return false;
  enterEpoch(table, epoch, changes);
  return true;
}

/** Folds rows and statuses of a Subscribe answer. They outlive the end of a snapshot that was begun before. */
export function foldSubscribed(table: StatusTable, epoch: string, users: readonly SubscribedUser[]): Change[] {
  const changes = foldListed(table, epoch, users);
  for (const { subscription } of users) {
    if (subscription === undefined) continue;
    if (table.rows.get(subscription.userId)?.generation !== subscription.generation) continue;
    table.seen?.rows.add(subscription.userId);
    table.seen?.statuses.add(subscription.userId);
  }
  return changes;
}

/** Folds rows and statuses of a ListSubscriptions answer. */
export function foldListed(table: StatusTable, epoch: string, users: readonly SubscribedUser[]): Change[] {
  const changes: Change[] = [];
  if (!admitsAnswer(table, epoch, changes)) return changes;
  for (const { subscription, status } of users) {
    // A row that has ended since leaves its status to the stream, which may still show the user as a friend.
    const stands = subscription !== undefined && putAnsweredRow(table, subscription, changes);
    if (status === undefined) continue;
    if (stands) putStatus(table, status, changes);
    else newestOf(table, status, changes);
  }
  return changes;
}

/** Folds a QueryStatuses answer; `newest` are the same users, each with the newest status known. */
export function foldQuery(
  table: StatusTable,
  epoch: string,
  statuses: readonly UserStatus[],
): { readonly changes: Change[]; readonly newest: UserStatus[] } {
  const changes: Change[] = [];
  if (!admitsAnswer(table, epoch, changes)) return { changes, newest: [...statuses] };
  // Oneself has a view, and with it revisions, of its own: that answer is not compared with anything.
  const ownId = table.self?.status?.userId;
  return {
    newest: statuses.map((status) => (status.userId === ownId ? status : newestOf(table, status, changes))),
    changes,
  };
}

/** Folds the self status of a Login, Logout or SetCustomStatus answer. Another user than before: everything else is forgotten. */
export function foldSelf(table: StatusTable, epoch: string, self: SelfStatus | undefined): Change[] {
  const changes: Change[] = [];
  if (self?.status === undefined || !admitsAnswer(table, epoch, changes)) return changes;
  const heldId = table.self?.status?.userId;
  if (heldId !== undefined && heldId !== self.status.userId) clearTable(table, changes);
  putSelf(table, self, changes);
  return changes;
}

/** Generations of the rows that an Unsubscribe is about to end, for `foldUnsubscribed`. */
export function generationsOf(table: StatusTable, userIds: Iterable<string>): Map<string, bigint> {
  const generations = new Map<string, bigint>();
  for (const userId of userIds) {
    const row = table.rows.get(userId);
    if (row !== undefined) generations.set(userId, row.generation);
  }
  return generations;
}

/**
 * Folds an Unsubscribe answer, which names no generations: only rows that stood when the call was made are taken away, since a
 * later one may be another device's. The end is told, and the status goes, when the stream tells the end: only the stream knows
 * whether the user is still visible as a friend.
 */
export function foldUnsubscribed(
  table: StatusTable,
  endedUserIds: readonly string[],
  generations: ReadonlyMap<string, bigint>,
): void {
  for (const userId of endedUserIds) {
    const generation = generations.get(userId);
    const held = table.rows.get(userId);
    if (generation === undefined || held === undefined || held.generation > generation) continue;
    removeRow(table, userId, held.generation);
    table.untoldEnds.set(userId, held.generation);
  }
}
