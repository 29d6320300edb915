// Subscriptions and friends (SPEC §10, §14).
import { SubscriptionEndReason } from "@userstatus/protocol";
import type { AppState, RowState, UserState } from "./state.ts";

/** Whether the target is seen as a friend. */
export function isFriendly(app: AppState, user: UserState, target: string): boolean {
  return app.features.friendNotifications && user.friends.has(target) && app.users.get(target)?.registered === true;
}

export function sees(app: AppState, user: UserState, target: string): boolean {
  return user.rows.has(target) || isFriendly(app, user, target);
}

/** Everybody whom the user sees. */
export function visibleTo(app: AppState, user: UserState): Set<string> {
  const friends = app.features.friendNotifications ? [...user.friends].filter((id) => isFriendly(app, user, id)) : [];
  return new Set([...user.rows.keys(), ...friends]);
}

export function endRow(user: UserState, row: RowState, reason: SubscriptionEndReason, atMs: number): void {
  user.rows.delete(row.target);
  const { target, generation, endMs } = row;
  user.rowEnds.push({ target, generation, reason, atMs, ...(endMs === undefined ? {} : { ownEndMs: endMs }) });
}

/**
 * Rows that a Subscribe to these targets evicts, in order: the longest ago refreshed of those that the call does not
 * name (sub-cap).
 */
export function evictedBy(app: AppState, user: UserState, targets: readonly string[]): RowState[] {
  const made = targets.filter((target) => !user.rows.has(target)).length;
  const beyond = user.rows.size + made - app.rules.rows.cap;
  if (beyond <= 0) return [];
  const named = new Set(targets);
  return [...user.rows.values()]
    .filter(({ target }) => !named.has(target))
    .toSorted((a, b) => a.refreshOrder - b.refreshOrder)
    .slice(0, beyond);
}

/** Subscribe was answered: rows with these generations. */
export function subscribe(
  app: AppState,
  user: UserState,
  made: readonly { readonly target: string; readonly generation: bigint }[],
  ttlMs: number | undefined,
): void {
  const evicted = evictedBy(
    app,
    user,
    made.map(({ target }) => target),
  );
  for (const row of evicted) endRow(user, row, SubscriptionEndReason.EVICTED, app.nowMs);
  const lasts = ttlMs ?? app.rules.rows.defaultMs;
  const endMs = lasts === undefined ? undefined : app.nowMs + lasts;
  for (const { target, generation } of made) {
    user.rows.set(target, { target, generation, refreshMs: app.nowMs, refreshOrder: ++app.counter, endMs });
    user.generations.set(target, generation);
  }
}

/** Ends the rows of everybody to somebody who is gone, and his visibility as a friend. */
export function targetGone(app: AppState, gone: UserState): void {
  for (const user of app.users.values()) {
    const row = user.rows.get(gone.id);
    if (row !== undefined) endRow(user, row, SubscriptionEndReason.TARGET_GONE, app.nowMs);
    if (isFriendly(app, user, gone.id)) endFriend(app, user, gone.id, SubscriptionEndReason.TARGET_GONE);
  }
}

export function endFriend(app: AppState, user: UserState, target: string, reason: SubscriptionEndReason): void {
  user.rowEnds.push({ target, generation: 0n, reason, atMs: app.nowMs });
}

/** A new friend list (friend-switch). */
export function setFriends(app: AppState, user: UserState, friends: readonly string[]): void {
  const before = [...user.friends].filter((target) => isFriendly(app, user, target));
  user.friends = new Set(friends);
  for (const target of before) {
    if (!user.friends.has(target)) endFriend(app, user, target, SubscriptionEndReason.UNFRIENDED);
  }
  app.surroundings++;
}

/** Plan and switches change (friend-switch, gate-rows). */
export function setFeatures(app: AppState, change: Partial<AppState["features"]>): void {
  const isOpen = (): boolean => app.rules.gated("Subscribe", false, app.features).length === 0;
  const wasOpen = isOpen();
  if (change.friendNotifications === false && app.features.friendNotifications) {
    for (const user of app.users.values()) {
      for (const target of user.friends) {
        if (isFriendly(app, user, target)) endFriend(app, user, target, SubscriptionEndReason.UNFRIENDED);
      }
    }
  }
  Object.assign(app.features, change);
  app.surroundings++;
  if (!wasOpen || isOpen()) return;
  for (const user of app.users.values()) {
    for (const row of [...user.rows.values()]) endRow(user, row, SubscriptionEndReason.FEATURE_DISABLED, app.nowMs);
  }
}

/** Why a ttl of Subscribe is refused. */
export function ttlFaults(app: AppState, ttlMs: number | undefined): [reason: string, requirement: string][] {
  const { callerTtl, minMs, maxMs, defaultMs } = app.rules.rows;
  if (ttlMs === undefined) {
    return callerTtl && defaultMs === undefined ? [["TTL_OUT_OF_RANGE", "sub-ttl-absent"]] : [];
  }
  if (!callerTtl) return [["TTL_NOT_SUPPORTED", "sub-ttl-unsupported"]];
  return ttlMs < minMs || ttlMs > maxMs ? [["TTL_OUT_OF_RANGE", "sub-ttl"]] : [];
}
