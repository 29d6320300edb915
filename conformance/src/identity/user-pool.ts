// Ready users are lent to one check at a time. Given back, they rest, so that no rate of an earlier check is in the
// way,
// are scrubbed of what it left behind, and rest again.
import { createWaiter } from "../bench/waiter.ts";
import { createGate } from "../run/gate.ts";
import type { ReadyUser } from "./users-file.ts";

export interface UserPool {
  /** How many there are in all, free or not. */
  readonly size: number;
  readonly freshSize: number;
  readonly token: (id: string) => string | undefined;
  /** Waits until so many are free; `undefined` if there are not in time. */
  readonly take: (count: number, fresh: boolean) => Promise<ReadyUser[] | undefined>;
  /** With the sessions that the check had made for each. */
  readonly giveBack: (ids: readonly string[], sessions: SessionsByUser) => void;
  /** Scrubs at once those that still wait for it, so that the next run finds them clean. */
  readonly finish: () => Promise<void>;
}

export type SessionsByUser = ReadonlyMap<string, readonly string[]>;

export interface UserPoolOptions {
  /** The longest window of the profile's rates. */
  readonly restMs: number;
  /** Longest wait for free users. */
  readonly waitMaxMs: number;
  /** Ends sessions, rows and text of a user. Never rejects. */
  readonly scrub: (user: ReadyUser, sessionIds: readonly string[]) => Promise<void>;
}

/** Of those who never logged in so many at most, and half at least, are kept for checks that need such users. */
const freshKept = 100;

/** The one used longest ago comes first. Fresh ones are lent once, and are like the others after that. */
export function createUserPool(users: readonly ReadyUser[], options: UserPoolOptions): UserPool {
  const byId = new Map(users.map((user) => [user.id, user]));
  const fresh = users.filter((user) => user.fresh === true);
  const usual = users.filter((user) => user.fresh !== true);
  usual.push(...fresh.splice(Math.min(freshKept, Math.ceil(fresh.length / 2))));
  const [size, freshSize] = [usual.length, fresh.length];
  const waiter = createWaiter();

  const unscrubbed = new Map<ReadyUser, readonly string[]>();
  const scrub = async (user: ReadyUser): Promise<void> => {
    const sessionIds = unscrubbed.get(user);
    if (sessionIds !== undefined && unscrubbed.delete(user)) await options.scrub(user, sessionIds);
  };
  const refresh = async (user: ReadyUser, sessionIds: readonly string[]): Promise<void> => {
    unscrubbed.set(user, sessionIds);
    await rest(options.restMs);
    await scrub(user);
    await rest(options.restMs);
    usual.push(user);
    waiter.wake();
  };
  return {
    size,
    freshSize,
    token: (id) => byId.get(id)?.token,
    take: async (count, wantFresh) => {
      const from = wantFresh ? fresh : usual;
      const until = performance.now() + options.waitMaxMs;
      while (from.length < count) {
        // Fresh ones never come back: waiting for them is no use.
        if (wantFresh || !(await waiter.changed(until))) return undefined;
      }
      return from.splice(0, count);
    },
    giveBack: (ids, sessions) => {
      for (const id of ids) {
        const user = byId.get(id);
        if (user !== undefined) void refresh(user, sessions.get(id) ?? []);
      }
    },
    finish: async () => {
      const gate = createGate(8);
      await Promise.all([...unscrubbed.keys()].map((user) => gate.run(() => scrub(user))));
    },
  };
}

/** Without holding the process: at the end of a run nobody waits for users to be rested. */
function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
