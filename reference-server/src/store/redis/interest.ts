// Whom the Watches of this node look at, and what they were told of each. A message, or any reading of a record, that is newer than what was told is told; so
// whatever reads repairs what messages lost. Subscribed first, read second.
import type { Rules } from "../../core/rules.ts";
import type { StoreListener } from "../store.ts";
import { commitOf } from "../told.ts";
import { decodeRecord, type ReadRecord } from "./codec.ts";
import { changesBetween, isForgotten, type Told, toldOf } from "./derive.ts";
import { splitUserKey, userKey } from "./keys.ts";
import type { RedisLink, UserMessage } from "./link.ts";

export interface Interest {
  set(appId: string, userId: string, wanted: boolean, own: boolean): void;
  /** Waits until messages of these users come; undefined: they do. */
  ready(users: readonly string[]): Promise<unknown> | undefined;
  /** A reading, or what was committed here. Settles when what it holds was told. */
  noted(user: string, read: ReadRecord): Promise<void> | undefined;
  /** Whether something newer than this version was told, or taken as told, of the user: a reading that was overtaken on its way. */
  isBehind(user: string, version: number): boolean;
  heard(user: string, message: UserMessage): void;
  /** Everything up to here was told, of all that this node looks at. */
  readonly deliveredSeq: number;
  /** Moves `deliveredSeq` beyond all that was committed before the call. */
  catchUp(): Promise<void>;
  /** Messages may have been lost: looks at everybody again, after `before`. Until that is done nothing is said to be caught up; what fails calls `again`. */
  resumed(before: () => Promise<void>, again: () => void): void;
  /** What was told of the app's users says nothing any more: it was lost, and what stands is older. */
  forget(appId: string): void;
  readonly size: number;
}

export interface InterestOptions {
  readonly link: RedisLink;
  readonly rules: Rules;
  readonly listener: () => StoreListener | undefined;
  /** Reads a record with its rows; it is noted on the way. */
  readonly refresh: (user: string) => Promise<unknown>;
  readonly onFault: (fault: unknown) => void;
}

interface Place {
  /** Watches of himself are here, too: rows, sessions and friends are told. */
  own: boolean;
  /** Until messages come; `failed`: it is tried again with the next reading. */
  pending: Promise<void> | "failed" | undefined;
  told: Told | undefined;
  /** Came before there was anything to compare with. */
  early: UserMessage | undefined;
  refreshing: Promise<void> | undefined;
}

/** Users read again at once after a loss of messages. */
const resumeSlice = 100;

export function createInterest({ link, rules, listener, refresh, onFault }: InterestOptions): Interest {
  const places = new Map<string, Place>();
  const appUsers = new Map<string, number>();
  let deliveredSeq = 0;
  let resuming: Promise<void> = Promise.resolve();
  let fence: Promise<void> | undefined;
  let nextFence: Promise<void> | undefined;

  const leaveApp = (appId: string): void => {
    const count = (appUsers.get(appId) ?? 0) - 1;
    if (count > 0) appUsers.set(appId, count);
    else {
      appUsers.delete(appId);
      link.unsubscribeApp(appId);
    }
  };

  const tell = (user: string, read: ReadRecord, told: Told): void => {
    const { appId, userId } = splitUserKey(user);
    const { record, version: seq } = read;
    const changes = changesBetween(told, record);
    if (changes.length > 0) listener()?.committed(commitOf({ appId, seq, changes, record }, rules));
    // His own Watches begin again; those of others were told.
    if (isForgotten(told, record)) listener()?.lost?.(appId, userId);
  };

  const refreshed = (user: string, place: Place): Promise<void> => {
    // One that is under way may have read before this was asked for: another one follows it.
    const after = place.refreshing ?? Promise.resolve();
    const work = after
      .catch(() => {})
      .then(async () => {
        if (places.get(user) === place) await refresh(user);
      })
      .finally(() => {
        if (place.refreshing === work) place.refreshing = undefined;
      });
    place.refreshing = work;
    return work;
  };

  const noted = (user: string, read: ReadRecord): Promise<void> | undefined => {
    const place = places.get(user);
    if (place === undefined || place.pending !== undefined) return undefined;
    const { told, early } = place;
    if (told !== undefined && read.version <= told.version) return undefined;
    // Of himself everything is told, or nothing yet.
    if (place.own && !read.withRows) return refreshed(user, place);
    place.told = toldOf(read.record, read.version);
    if (told !== undefined) tell(user, read, told);
    place.early = undefined;
    if (early !== undefined && early.version > read.version) heard(user, early);
    return undefined;
  };

  const heard = (user: string, message: UserMessage): void => {
    const place = places.get(user);
    if (place === undefined) return;
    if (place.told === undefined) place.early = message;
    else if (message.version > place.told.version) {
      const read = place.own ? undefined : decodeRecord(message, undefined);
      const work = read === undefined ? refreshed(user, place) : noted(user, read);
      work?.catch(onFault);
    }
  };

  const begin = (user: string, place: Place): Promise<void> => {
    const { appId } = splitUserKey(user);
    const work = Promise.all([link.subscribeUser(user), link.subscribeApp(appId)]).then(
      () => {
        place.pending = undefined;
      },
      (error: unknown) => {
        place.pending = "failed";
        throw error;
      },
    );
    place.pending = work;
    work.catch(() => {});
    return work;
  };

  const raise = async (): Promise<void> => {
    await resuming;
    const seq = await link.fence();
    // What came before the fence may be read still.
    await Promise.all([...places.values()].flatMap(({ refreshing }) => refreshing ?? []));
    // One at a time, so it rises, unless the clock of Redis goes back: what comes then has lower numbers, too.
    deliveredSeq = seq;
  };

  return {
    get size() {
      return places.size;
    },
    get deliveredSeq() {
      return deliveredSeq;
    },
    set: (appId, userId, wanted, own) => {
      const user = userKey(appId, userId);
      const place = places.get(user);
      if (!wanted) {
        if (place === undefined) return;
        places.delete(user);
        link.unsubscribeUser(user);
        leaveApp(appId);
      } else if (place !== undefined) {
        place.own = own;
      } else {
        const made: Place = { own, pending: undefined, told: undefined, early: undefined, refreshing: undefined };
        places.set(user, made);
        appUsers.set(appId, (appUsers.get(appId) ?? 0) + 1);
        void begin(user, made);
      }
    },
    ready: (users) => {
      let pending: Promise<void>[] | undefined;
      for (const user of users) {
        const place = places.get(user);
        if (place?.pending === undefined) continue;
        pending ??= [];
        pending.push(place.pending === "failed" ? begin(user, place) : place.pending);
      }
      return pending === undefined ? undefined : Promise.all(pending);
    },
    noted,
    heard,
    isBehind: (user, version) => (places.get(user)?.told?.version ?? 0) > version,
    catchUp: () => {
      // One that began earlier may have passed by already: those who come meanwhile share the next.
      if (fence === undefined) {
        fence = raise().finally(() => {
          fence = undefined;
        });
        return fence;
      }
      nextFence ??= fence
        .catch(() => {})
        .then(() => {
          nextFence = undefined;
          fence = raise().finally(() => {
            fence = undefined;
          });
          return fence;
        });
      return nextFence;
    },
    forget: (appId) => {
      for (const [user, place] of places)
        if (splitUserKey(user).appId === appId) Object.assign(place, { told: undefined, early: undefined });
    },
    resumed: (before, again) => {
      resuming = resuming
        .catch(() => {})
        .then(before)
        .then(async () => {
          const users = [...places.keys()];
          for (let at = 0; at < users.length; at += resumeSlice) {
            await Promise.all(users.slice(at, at + resumeSlice).map((user) => refresh(user)));
          }
        });
      resuming.catch((fault: unknown) => {
        onFault(fault);
        again();
      });
    },
  };
}
