// The local table: what is held of targets, rows and oneself, and the steps that change it. No I/O, no clock.
// Implements SPEC §19: client-fold, client-generation, client-expiry (nothing here ever looks at a clock).
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { SelfStatus, Subscription, SubscriptionEndReason, UserStatus } from "@userstatus/protocol";
import { type BoundedMap, createBoundedMap } from "./bounded-map.ts";

/** One thing that changed in the table. */
export type Change =
  | {
      readonly kind: "status";
      readonly userId: string;
      /** Undefined: the server tells of this user no more. */
      readonly status: UserStatus | undefined;
      readonly previous: UserStatus | undefined;
    }
  | {
      /** A row was made or refreshed. */
      readonly kind: "row";
      readonly row: Subscription;
      readonly previous: Subscription | undefined;
    }
  | { readonly kind: "self"; readonly self: SelfStatus; readonly previous: SelfStatus | undefined }
  | {
      readonly kind: "ended";
      readonly userId: string;
      /** 0: the implicit row of a friend. */
      readonly generation: bigint;
      /** UNSPECIFIED: it ended while nobody told us, and the snapshot did not name it. */
      readonly reason: SubscriptionEndReason;
      readonly stillVisible: boolean;
    }
  | { readonly kind: "overflow"; readonly userId: string };

/** What was seen since a Watch was called: what `snapshot_end` under RESET keeps. */
export interface SeenSince {
  readonly statuses: Set<string>;
  readonly rows: Set<string>;
}

/** What a client holds. */
export interface StatusTable {
  /** Epoch of everything below. Undefined: nothing is known yet. */
  epoch: string | undefined;
  self: SelfStatus | undefined;
  /** Targets that the server tells of: subscribed ones and visible friends. */
  readonly statuses: Map<string, UserStatus>;
  /** The user's subscription rows. */
  readonly rows: Map<string, Subscription>;
  /**
   * Newest known status of users that the server does not tell of (queried, or no longer seen), so that an older answer
   * can't win.
   */
  readonly remembered: BoundedMap<string, UserStatus>;
  /** Highest generation that ended, per target: a late answer must not bring the row back. The stream may: it is in order. */
  readonly endedGenerations: BoundedMap<string, bigint>;
  /** Targets whose row an Unsubscribe answer took away, and whose end the stream has not told yet. */
  readonly untoldEnds: BoundedMap<string, bigint>;
  /** Epochs that were left: answers of theirs that come late are ignored. */
  readonly leftEpochs: BoundedMap<string, true>;
  /** Of the Watch that is being opened under RESET; undefined else. */
  seen: SeenSince | undefined;
  /** Epoch that the open Watch told in its hello. */
  streamEpoch: string | undefined;
  /** Most targets and most rows. */
  readonly max: number;
}

/** @param max most targets, and most rows, that are held */
export function createStatusTable(max: number): StatusTable {
  return {
    epoch: undefined,
    self: undefined,
    statuses: new Map(),
    rows: new Map(),
    remembered: createBoundedMap(max),
    endedGenerations: createBoundedMap(max),
    untoldEnds: createBoundedMap(max),
    leftEpochs: createBoundedMap(16),
    seen: undefined,
    streamEpoch: undefined,
    max,
  };
}

/** Forgets everything. Each target that was held is told as gone. */
export function clearTable(table: StatusTable, changes: Change[]): void {
  const gone = [...table.statuses];
  table.statuses.clear();
  table.rows.clear();
  table.remembered.clear();
  table.endedGenerations.clear();
  table.untoldEnds.clear();
  table.self = undefined;
  for (const [userId, previous] of gone) changes.push({ kind: "status", userId, status: undefined, previous });
}

/** Goes over to an epoch (client-epoch): what is held of another one is dropped. */
export function enterEpoch(table: StatusTable, epoch: string, changes: Change[]): void {
  if (table.epoch === epoch) return;
  if (table.epoch !== undefined) {
    clearTable(table, changes);
    table.leftEpochs.set(table.epoch, true);
  }
  table.leftEpochs.delete(epoch);
  table.epoch = epoch;
}

/** Keeps the newest status of a target that the server tells of. */
export function putStatus(table: StatusTable, status: UserStatus, changes: Change[]): void {
  const { userId } = status;
  if (userId === "") return;
  const previous = table.statuses.get(userId);
  if (previous === undefined && table.statuses.size >= table.max) {
    changes.push({ kind: "overflow", userId });
    return;
  }
  const known = previous ?? table.remembered.get(userId);
  const newest = known !== undefined && known.revision >= status.revision ? known : status;
  if (newest === previous) return;
  table.remembered.delete(userId);
  table.statuses.set(userId, newest);
  changes.push({ kind: "status", userId, status: newest, previous });
}

/** The newest known status of a queried user, who need not be a target. */
export function newestOf(table: StatusTable, status: UserStatus, changes: Change[]): UserStatus {
  const { userId } = status;
  if (table.statuses.has(userId) || table.rows.has(userId)) {
    putStatus(table, status, changes);
    return table.statuses.get(userId) ?? status;
  }
  const known = table.remembered.get(userId);
  if (known !== undefined && known.revision >= status.revision) return known;
  table.remembered.set(userId, status);
  return status;
}

/** The server tells of this target no more. */
export function dropStatus(table: StatusTable, userId: string, changes: Change[]): void {
  const previous = table.statuses.get(userId);
  if (previous === undefined) return;
  table.statuses.delete(userId);
  table.remembered.set(userId, previous);
  changes.push({ kind: "status", userId, status: undefined, previous });
}

/** Keeps a row of an answer, unless a later one is held or it has ended already. Answers whether the row stands. */
export function putAnsweredRow(table: StatusTable, row: Subscription, changes: Change[]): boolean {
  const ended = table.endedGenerations.get(row.userId);
  if (ended !== undefined && row.generation <= ended) return false;
  return putRow(table, row, changes);
}

/** Keeps a row of the stream, unless a later one is held. */
export function putStreamedRow(table: StatusTable, row: Subscription, changes: Change[]): void {
  const ended = table.endedGenerations.get(row.userId);
  if (ended !== undefined && row.generation <= ended) table.endedGenerations.delete(row.userId);
  if (putRow(table, row, changes)) table.seen?.rows.add(row.userId);
}

function putRow(table: StatusTable, row: Subscription, changes: Change[]): boolean {
  const { userId } = row;
  if (userId === "") return false;
  const held = table.rows.get(userId);
  if (held === undefined && table.rows.size >= table.max) {
    changes.push({ kind: "overflow", userId });
    return false;
  }
  if (held !== undefined && !isLaterRow(row, held)) return true;
  table.rows.set(userId, row);
  // The answer and the stream both bring what one Subscribe made: that is one change.
  if (held === undefined || !isSameRow(row, held)) changes.push({ kind: "row", row, previous: held });
  return true;
}

function isLaterRow(row: Subscription, held: Subscription): boolean {
  if (row.generation !== held.generation) return row.generation > held.generation;
  // A refresh keeps the generation; an answer and the stream may bring two refreshes in either order.
  return refreshMs(row) >= refreshMs(held);
}

function isSameRow(row: Subscription, held: Subscription): boolean {
  return row.generation === held.generation && refreshMs(row) === refreshMs(held);
}

function refreshMs(row: Subscription): number {
  return row.refreshTime === undefined ? 0 : timestampMs(row.refreshTime);
}

/**
 * Takes a row away, and tells its end once, also of a row that was never seen: an answer that makes it may still be on
 * its way.
 */
export function endRow(
  table: StatusTable,
  userId: string,
  generation: bigint,
  reason: SubscriptionEndReason,
  stillVisible: boolean,
  changes: Change[],
): void {
  const untold = table.untoldEnds.has(userId);
  table.untoldEnds.delete(userId);
  const isNews = generation > (table.endedGenerations.get(userId) ?? 0n);
  const friendGone = generation === 0n && !stillVisible && table.statuses.has(userId);
  removeRow(table, userId, generation);
  if (isNews || untold || friendGone) changes.push({ kind: "ended", userId, generation, reason, stillVisible });
}

/** Takes a row away without telling it. */
export function removeRow(table: StatusTable, userId: string, generation: bigint): void {
  if (generation > (table.endedGenerations.get(userId) ?? 0n)) table.endedGenerations.set(userId, generation);
  table.rows.delete(userId);
}

/** Keeps the newest self status. */
export function putSelf(table: StatusTable, self: SelfStatus, changes: Change[]): void {
  if (self.status === undefined) return;
  const previous = table.self;
  if (previous?.status !== undefined && previous.status.revision >= self.status.revision) return;
  table.self = self;
  changes.push({ kind: "self", self, previous });
}
