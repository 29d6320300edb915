// Changes in such numbers that they pile up at a server whose watcher does not read.
import { type UserStatus, WatchEndReason } from "@userstatus/protocol";
import type { Bench, TestSession, TestWatch } from "../../check.ts";
import { ask, callsAtOnce, flip, rowsWithinLimits, type Target } from "./c-actors.ts";
import { newestBefore, plain } from "./c-state.ts";

/** Longest call of a publisher while a watcher stalls, for a run of great patience: others end such a call themselves. */
export const publisherPatienceMs = 30_000;
/** What a stalled connection swallows before a server feels it: window and buffers of HTTP/2 take less than these calls bring. */
const refreshMax = 40;
const rowsMax = 100;
const targetsMax = 10;

/** Targets that change, and a list of rows that is refreshed, for one watcher. */
export interface Backlog {
  /** Refreshes all rows over and over, and changes each target so often, all at once. */
  readonly press: (times: number) => Promise<Pressed>;
}

export interface Pressed {
  /** Longest call of a publisher, in milliseconds. */
  readonly slowestMs: number;
  /** What each target shows in the end, by QueryStatuses. */
  readonly last: ReadonlyMap<string, UserStatus>;
}

/** Rows to as many users as one call takes, some of them logged in. */
export async function backlog(t: Bench, session: TestSession): Promise<Backlog> {
  const count = Math.min(rowsWithinLimits(t.profile, rowsMax), t.profile.subscription?.subscribeBatchMax ?? 1);
  const users = await t.users(count);
  const ids = users.map((user) => user.id);
  await session.subscribe(ids);
  const crowd: Target[] = [];
  for (const user of users.slice(0, targetsMax)) crowd.push({ user, id: user.id, session: await user.login() });
  return {
    press: async (times) => {
      // Each refresh is told to the Watch: many bytes for few calls.
      const refreshes = Math.min(refreshMax, callsAtOnce(t.profile, "Subscribe") - 2);
      for (let call = 0; call < refreshes; call += 1) await session.subscribe(ids);
      return publish(t, crowd, times);
    },
  };
}

/** Each target changes so often, all at once. */
async function publish(t: Bench, crowd: readonly Target[], times: number): Promise<Pressed> {
  const text = "x".repeat(t.profile.customStatus?.maxBytes ?? 1);
  let slowestMs = 0;
  await Promise.all(
    crowd.map(async (target) => {
      for (let round = 0; round < times; round += 1) {
        const before = performance.now();
        await flip(target, text);
        slowestMs = Math.max(slowestMs, performance.now() - before);
      }
    }),
  );
  const ids = crowd.map((target) => target.id);
  return { slowestMs, last: await ask(t, await t.session(), ids) };
}

/**
 * Reads on after a stall: the Watch, with the place of a fence; or a new one, where the server ended the old one as too
 * far behind (watch-conflates allows it).
 */
export async function readOn(
  t: Bench,
  watch: TestWatch,
  fence: Promise<number> = watch.fence(),
): Promise<{ watch: TestWatch; marker: number }> {
  try {
    return { watch, marker: await fence };
  } catch (failure) {
    const over = await watch.end("a Watch on which no marker comes").catch(() => undefined);
    if (over?.end?.reason !== WatchEndReason.RESYNC || !over.end.mayResume) throw failure;
    t.note("the server ended the Watch as too far behind; a new one takes its place");
    const next = await watch.session.watch();
    return { watch: next, marker: await next.fence() };
  }
}

/** Before a place of the stream, each target was told as the server showed it in the end. */
export function showsLast(
  t: Bench,
  { watch, marker }: { watch: TestWatch; marker: number },
  { last }: Pressed,
  what: string,
): void {
  for (const [id, status] of last)
    t.equal(plain(newestBefore(watch, id, marker)), plain(status), `last status of ${id} on ${what}`);
}
