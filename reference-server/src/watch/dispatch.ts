// Carries committed changes to the open Watches that they concern. Implements SPEC §10.2, §11.2, §14 (friend-*), §13 (epoch-change).
import { type SessionEndName, SubscriptionEndReason, WatchEndReason } from "@userstatus/protocol";
import type { UserRecord } from "../core/model.ts";
import { Refused } from "../core/refused.ts";
import type { Rules } from "../core/rules.ts";
import type { StatusOf } from "../core/shared-status.ts";
import { dropGone, goneRows, liveFrom } from "../core/subscriptions.ts";
import { isKnown, rowView } from "../core/views.ts";
import type { Commit, Features, Store, StoreListener } from "../store/store.ts";
import type { Passes } from "./passes.ts";
import { keyOf, type WatchRegistry } from "./registry.ts";
import { newsOf, type Watch } from "./watch.ts";

export interface DispatchOptions {
  readonly store: Store;
  readonly rules: Rules;
  readonly statusOf: StatusOf;
  readonly registry: WatchRegistry;
  readonly passes: Passes;
  /** A session's newest token runs out at another time. */
  readonly tokenChanged: (watch: Watch, expiresAtMs: number | null) => void;
  /** A status was handed to a Watch. */
  readonly countDelivered: (count: number) => void;
  /** Calls back once after a delay; answers a way to cancel. */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly onFault: (fault: unknown) => void;
}

/** A row to a deleted target that a store out of reach could not end is tried again after so long. */
const dropAgainMs = 1_000;

export interface Dispatch extends StoreListener {
  /** Ends rows of the user, as `own` has them, to targets that were deleted, as a reading after interest in them shows: the deletion itself was told to nobody here. */
  readonly endGone: (watch: Watch, own: Readonly<UserRecord>, targets: readonly Readonly<UserRecord>[]) => void;
}

export function createDispatch(options: DispatchOptions): Dispatch {
  const { store, rules, statusOf, registry, passes, onFault } = options;

  const dropRows = (watch: Watch, live: ReadonlyMap<string, number>): void => {
    const work = store.update(
      watch.appId,
      watch.userId,
      (record, _now, context) => dropGone(record, live, context),
      true,
    );
    watch.track(work).catch((fault: unknown) => {
      if (!(fault instanceof Refused) || fault.reason !== "STORE_UNAVAILABLE") onFault(fault);
      // Nobody else would: the deletion was told once. Without a Watch the next one looks.
      else {
        options.schedule(fault.retryAfterMs ?? dropAgainMs, () => {
          if (!watch.ended) dropRows(watch, live);
        });
      }
    });
  };

  const endGone: Dispatch["endGone"] = (watch, own, targets) => {
    // Without a registry nobody can be deleted: he is merely logged out.
    if (!rules.registry) return;
    const live = new Map(targets.map((target) => [target.userId, liveFrom(target)]));
    if (goneRows(own, live).length > 0) dropRows(watch, live);
  };

  /** Reads targets of new rows, and hands on what the Watch has not carried. */
  const fetch = (watch: Watch, own: Readonly<UserRecord>, targets: readonly string[]): void => {
    if (targets.length === 0) return;
    const work = store.read(watch.appId, targets, "status").then((records) => {
      for (const record of records) if (isKnown(record, rules)) watch.putStatus(statusOf(record));
      endGone(watch, own, records);
    });
    watch.track(work).catch(onFault);
  };

  const toWatchers = (commit: Commit): void => {
    const watchers = registry.watching(commit.appId, commit.userId);
    options.countDelivered(watchers.size);
    if (!isKnown(commit.record, rules)) return;
    passes.tell(keyOf(commit.appId, commit.userId), watchers, newsOf(commit.status));
  };

  /** A deleted target: the rows to him end for each user who watches; others find out when they next look. */
  const targetGone = (commit: Commit): void => {
    if (!rules.registry) return;
    passes.drop(keyOf(commit.appId, commit.userId));
    const live = new Map([[commit.userId, liveFrom(commit.record)]]);
    for (const [watch, seen] of registry.watching(commit.appId, commit.userId)) {
      if (seen.friend) {
        seen.gone = true;
        watch.putEnded(commit.userId, 0, SubscriptionEndReason.TARGET_GONE);
      }
      dropRows(watch, live);
    }
  };

  const toOwner = (watch: Watch, commit: Commit): void => {
    const fresh: string[] = [];
    for (const change of commit.changes) {
      if (change.kind === "self") watch.putSelf(commit.self);
      else if (change.kind === "subscribed") {
        const row = commit.record.rows.get(change.target);
        if (!row) continue;
        registry.show(watch, change.target, { generation: row.generation });
        watch.putSubscribed(rowView(row));
        fresh.push(change.target);
      } else if (change.kind === "ended") {
        registry.hide(watch, change.target, "row");
        watch.putEnded(change.target, change.generation, change.reason);
      } else if (change.kind === "token" && change.sessionId === watch.sessionId) {
        options.tokenChanged(watch, change.expiresAtMs);
      } else if (change.kind === "watch-opened" && change.sessionId === watch.sessionId) {
        if (change.watchId !== watch.id) watch.finish(WatchEndReason.REPLACED, false);
      } else if (change.kind === "lease-lapsed" && change.sessionId === watch.sessionId) {
        watch.finish(WatchEndReason.LEASE_EXPIRED, true);
      } else if (change.kind === "session-over" && change.sessionId === watch.sessionId) {
        watch.finish(endReasons[change.reason], false);
      } else if (change.kind === "friends") friendsChanged(watch, change, commit);
    }
    fetch(
      watch,
      commit.record,
      fresh.filter((target) => watch.visible.has(target)),
    );
  };

  const friendsChanged = (
    watch: Watch,
    change: { added: readonly string[]; removed: readonly string[] },
    commit: Commit,
  ): void => {
    const work = store.features(commit.appId).then(({ friendNotifications }) => {
      if (!rules.friends || !friendNotifications) return;
      for (const friend of change.removed) unfriend(watch, friend);
      befriend(watch, change.added);
    });
    watch.track(work).catch(onFault);
  };

  const unfriend = (watch: Watch, friend: string): void => {
    const seen = watch.visible.get(friend);
    if (!seen?.friend) return;
    // A friend who is not registered is unseen: that was told when he was deleted, or he was never told of.
    const told = seen.gone;
    registry.hide(watch, friend, "friend");
    if (!told) watch.putEnded(friend, 0, SubscriptionEndReason.UNFRIENDED);
  };

  const befriend = (watch: Watch, friends: readonly string[]): void => {
    if (friends.length === 0) return;
    for (const friend of friends) registry.show(watch, friend, { friend: true });
    const work = store.read(watch.appId, friends, "status").then((records) => {
      for (const [index, record] of records.entries()) {
        const seen = watch.visible.get(friends[index] ?? "");
        if (isKnown(record, rules)) watch.putStatus(statusOf(record));
        // Who is not registered stays untold until he is; a revision carried meanwhile is newer than this reading.
        else if (seen?.friend && seen.carried === -1) seen.gone = true;
      }
    });
    watch.track(work).catch(onFault);
  };

  return {
    endGone,
    committed: (commit) => {
      for (const watch of registry.ofUser(commit.appId, commit.userId)) toOwner(watch, commit);
      for (const change of commit.changes) {
        if (change.kind === "gone") targetGone(commit);
      }
      if (commit.changes.some(({ kind }) => kind === "status")) toWatchers(commit);
    },
    featuresChanged: (appId, before, after) => {
      for (const watch of registry.ofApp(appId)) {
        // Reading settles the record: rows of an older era end, and are told as a commit of their own.
        const work = store.read(appId, [watch.userId]).then(([record]) => {
          if (record) switchFriends(watch, record.friends, before, after);
        });
        watch.track(work).catch(onFault);
      }
    },
    epochChanged: (appId) => {
      for (const watch of registry.ofApp(appId)) watch.finish(WatchEndReason.RESYNC, true);
    },
  };

  function switchFriends(watch: Watch, friends: readonly string[], before: Features, after: Features): void {
    if (!rules.friends || before.friendNotifications === after.friendNotifications) return;
    if (after.friendNotifications) befriend(watch, friends);
    else for (const friend of friends) unfriend(watch, friend);
  }
}

export const endReasons: Readonly<Record<SessionEndName, WatchEndReason>> = {
  LOGGED_OUT: WatchEndReason.LOGGED_OUT,
  KICKED: WatchEndReason.KICKED,
  ADMIN: WatchEndReason.KICKED,
  LINK_LOST: WatchEndReason.LEASE_EXPIRED,
  DECAYED: WatchEndReason.LEASE_EXPIRED,
  USER_DELETED: WatchEndReason.USER_DELETED,
};
