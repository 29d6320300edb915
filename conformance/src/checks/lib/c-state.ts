// What a client holds after a stream, and whether that is what the server holds.
// Plain views of statuses, so that a failure prints well.
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Hello,
  type Progress,
  ResumeResult,
  type SelfStatus,
  type SnapshotEnd,
  type Subscription,
  type SubscriptionEnded,
  type Synced,
  type UserStatus,
  type WatchEnd,
} from "@userstatus/protocol";
import type { Bench, Seen, TestSession, TestWatch } from "../../check.ts";

/** Content of a status, in plain values. */
export interface PlainStatus {
  readonly online: number;
  readonly platforms: readonly number[];
  readonly text: string;
  readonly expireMs: number | undefined;
  readonly updateMs: number | undefined;
  readonly onlineMs: number | undefined;
  readonly customMs: number | undefined;
}

function ms(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time);
}

/** A status without user id and revision. */
export function content(status: UserStatus): PlainStatus {
  return {
    online: status.onlineStatus,
    platforms: [...status.onlinePlatforms],
    text: status.customStatus?.text ?? "",
    expireMs: ms(status.customStatus?.expireTime),
    updateMs: ms(status.updateTime),
    onlineMs: ms(status.onlineStatusUpdateTime),
    customMs: ms(status.customStatusUpdateTime),
  };
}

/** A status with its revision. */
export function plain(status: UserStatus | undefined): (PlainStatus & { readonly revision: string }) | undefined {
  return status === undefined ? undefined : { revision: String(status.revision), ...content(status) };
}

/** What a client holds: statuses and rows by target, and its own status. */
export interface Held {
  readonly epoch: string;
  readonly statuses: ReadonlyMap<string, UserStatus>;
  readonly rows: ReadonlyMap<string, Subscription>;
  readonly self: SelfStatus | undefined;
}

interface Folding {
  epoch: string;
  statuses: Map<string, UserStatus>;
  rows: Map<string, Subscription>;
  self: SelfStatus | undefined;
}

/** What a client holds after these events of one stream, if it held `before` when it opened it. */
export function fold(before: Held | undefined, events: readonly Seen[]): Held {
  const state: Folding = {
    epoch: before?.epoch ?? "",
    statuses: new Map(before?.statuses),
    rows: new Map(before?.rows),
    self: before?.self,
  };
  for (const { event } of events) apply(state, event);
  return state;
}

function apply(state: Folding, event: Seen["event"]): void {
  switch (event.case) {
    case "hello":
      // A full snapshot replaces everything; so does a new epoch.
      if (event.value.resumeResult !== ResumeResult.RESUMED || event.value.epoch !== state.epoch) {
        state.statuses.clear();
        state.rows.clear();
        state.self = undefined;
      }
      state.epoch = event.value.epoch;
      break;
    case "status": {
      const held = state.statuses.get(event.value.userId);
      if (held === undefined || held.revision <= event.value.revision)
        state.statuses.set(event.value.userId, event.value);
      break;
    }
    case "self":
      if ((state.self?.status?.revision ?? -1n) <= (event.value.status?.revision ?? -1n)) state.self = event.value;
      break;
    case "subscribed":
      state.rows.set(event.value.userId, event.value);
      break;
    case "subscriptionEnded": {
      const row = state.rows.get(event.value.userId);
      if (row !== undefined && row.generation > event.value.generation) break;
      state.rows.delete(event.value.userId);
      if (!event.value.stillVisible) state.statuses.delete(event.value.userId);
      break;
    }
    default:
  }
}

/** Everything up to a fence that is made now. */
export async function foldToFence(watch: TestWatch, before?: Held): Promise<Held> {
  const marker = await watch.fence();
  return fold(before, watch.seen.slice(0, marker));
}

/** What is held equals what the server holds: the rows of ListSubscriptions, and the statuses it and QueryStatuses give. */
export async function holdsAll(t: Bench, held: Held, session: TestSession, what: string): Promise<void> {
  const list = await session.list();
  const rows = new Map(list.map((one) => [one.subscription?.userId ?? "", one]));
  t.equal(
    [...held.rows.keys()].sort(),
    [...rows.keys()].sort(),
    `${what}: targets of the rows held, against ListSubscriptions`,
  );
  t.equal(
    [...held.statuses.keys()].sort(),
    [...rows.keys()].sort(),
    `${what}: users whose status is held, against ListSubscriptions`,
  );
  for (const [id, one] of rows) {
    t.equal(held.rows.get(id), one.subscription, `${what}: row to ${id}, against ListSubscriptions`);
    t.equal(
      plain(held.statuses.get(id)),
      plain(one.status),
      `${what}: status held of ${id}, against ListSubscriptions`,
    );
  }
}

/** The newest status of a target that came before a place of the stream. */
export function newestBefore(watch: TestWatch, id: string, index: number): UserStatus | undefined {
  return fold(undefined, watch.seen.slice(0, index)).statuses.get(id);
}

/** How the stream began: the `hello` that came. */
export function resumeResultOf(watch: TestWatch): ResumeResult | undefined {
  for (const { event } of watch.seen) if (event.case === "hello") return event.value.resumeResult;
  return undefined;
}

/** Values of the events by kind. */
export interface EventValues {
  readonly hello: Hello;
  readonly status: UserStatus;
  readonly self: SelfStatus;
  readonly progress: Progress;
  readonly synced: Synced;
  readonly subscribed: Subscription;
  readonly subscriptionEnded: SubscriptionEnded;
  readonly snapshotEnd: SnapshotEnd;
  readonly watchEnd: WatchEnd;
}

/** Events of one kind, in order, with their places. */
export function eventsOf<K extends keyof EventValues>(
  watch: TestWatch,
  kind: K,
): { index: number; value: EventValues[K] }[] {
  return watch.seen
    .filter(({ event }) => event.case === kind)
    .map(({ event, index }) => ({ index, value: event.value as unknown as EventValues[K] }));
}
