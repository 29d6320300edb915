// Which Watches are open, whose they are, and whom they look at. Subscribe and unsubscribe are O(1), a change is O(its watchers).
import type { Store } from "../store/store.ts";
import type { Visibility, Watch } from "./watch.ts";

export interface WatchRegistry {
  readonly size: number;
  add(watch: Watch): void;
  remove(watch: Watch): void;
  /** The Watch of a session: of several, of which the older ones are ending, the newest. */
  ofSession(appId: string, userId: string, sessionId: string): Watch | undefined;
  /** The open Watches of a user. */
  ofUser(appId: string, userId: string): readonly Watch[];
  /** Watches that see this target, and how. To be gone through at once, not kept. */
  watching(appId: string, target: string): ReadonlyMap<Watch, Visibility>;
  ofApp(appId: string): readonly Watch[];
  all(): Iterable<Watch>;
  /** Sees a target through a row or as a friend. */
  show(watch: Watch, target: string, how: { generation?: number; friend?: boolean }): void;
  /** Takes one way of seeing a target away; answers whether he is still seen. */
  hide(watch: Watch, target: string, how: "row" | "friend"): boolean;
}

export function createWatchRegistry(store: Store): WatchRegistry {
  const watches = new Set<Watch>();
  const byUser = new Map<string, Set<Watch>>();
  const byTarget = new Map<string, Map<Watch, Visibility>>();

  const put = (appId: string, userId: string, watch: Watch): void => {
    const key = keyOf(appId, userId);
    const set = byUser.get(key);
    if (set) set.add(watch);
    else byUser.set(key, new Set([watch]));
    store.setInterest(appId, userId, true, true);
  };
  const putTarget = (appId: string, target: string, watch: Watch, seen: Visibility): void => {
    const key = keyOf(appId, target);
    const map = byTarget.get(key);
    if (map) map.set(watch, seen);
    else byTarget.set(key, new Map([[watch, seen]]));
    store.setInterest(appId, target, true, byUser.has(key));
  };
  const take = (
    index: Map<string, Pick<Set<Watch>, "delete" | "size">>,
    appId: string,
    userId: string,
    watch: Watch,
  ): void => {
    const key = keyOf(appId, userId);
    const set = index.get(key);
    set?.delete(watch);
    if (set?.size === 0) index.delete(key);
    const own = byUser.has(key);
    if (set?.size === 0) store.setInterest(appId, userId, own || byTarget.has(key), own);
  };

  return {
    get size() {
      return watches.size;
    },
    add: (watch) => {
      watches.add(watch);
      put(watch.appId, watch.userId, watch);
    },
    remove: (watch) => {
      if (!watches.delete(watch)) return;
      take(byUser, watch.appId, watch.userId, watch);
      for (const target of watch.visible.keys()) take(byTarget, watch.appId, target, watch);
      watch.visible.clear();
    },
    ofSession: (appId, userId, sessionId) => {
      const all = byUser.get(keyOf(appId, userId));
      return all && [...all].findLast((watch) => watch.sessionId === sessionId);
    },
    ofUser: (appId, userId) => [...(byUser.get(keyOf(appId, userId)) ?? [])],
    watching: (appId, target) => byTarget.get(keyOf(appId, target)) ?? nobody,
    ofApp: (appId) => [...watches].filter((watch) => watch.appId === appId),
    all: () => watches,
    show: (watch, target, how) => {
      if (!watches.has(watch)) return;
      const seen = watch.visible.get(target);
      if (seen) Object.assign(seen, how);
      else {
        const made = { generation: 0, friend: false, gone: false, carried: -1, waiting: -1, ...how };
        watch.visible.set(target, made);
        putTarget(watch.appId, target, watch, made);
      }
    },
    hide: (watch, target, how) => {
      const seen = watch.visible.get(target);
      if (!seen) return false;
      if (how === "row") seen.generation = 0;
      else seen.friend = seen.gone = false;
      if (seen.generation !== 0 || seen.friend) return true;
      watch.forget(seen);
      watch.visible.delete(target);
      take(byTarget, watch.appId, target, watch);
      return false;
    },
  };
}

const nobody: ReadonlyMap<Watch, Visibility> = new Map();

/** One text for a user of an app. */
export function keyOf(appId: string, userId: string): string {
  return `${appId}\n${userId}`;
}
