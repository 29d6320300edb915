// Staying within the profile's rates: calls of limited procedures, with a window without calls whenever a rate is used up, so that no legal
// way of counting (sliding log, fixed windows, token bucket) refuses any of them.
import type { Profile, QueryResult, RateLimit, SetCustomStatusResponse, SubscribeResult } from "@userstatus/protocol";
import type { Bench, TestSession } from "../../check.ts";
import { msOf, rowLimits } from "./b-values.ts";

/** Calls that let the profile's time pass where its rates need it. Sessions are kept alive meanwhile. */
export interface Pace {
  /** Makes room for calls that the check makes itself. */
  room(session: TestSession, procedure: string, calls?: number): Promise<void>;
  set(session: TestSession, text: string, ttlMs?: number): Promise<SetCustomStatusResponse>;
  /** In batches of the profile's size. */
  subscribe(session: TestSession, ids: readonly string[], ttlMs?: number | null): Promise<SubscribeResult[]>;
  /** In batches of the profile's size. */
  unsubscribe(session: TestSession, ids: readonly string[]): Promise<void>;
  /** In batches of the profile's size. */
  query(session: TestSession, ids: readonly string[]): Promise<QueryResult[]>;
}

/** The rule of a procedure, if it is limited. */
export function rateOf(profile: Profile, procedure: string): RateLimit | undefined {
  return profile.rateLimits.find((rule) => rule.procedure === procedure);
}

/** Length of a rule's window and what must pass until it is surely empty, in milliseconds. */
export function windowMs(rule: RateLimit): number {
  return Math.ceil(msOf(rule.window) ?? 0);
}

/** For `timeMs`: what must pass so that one user makes so many calls of each procedure. */
export function paceMs(profile: Profile, calls: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const [procedure, count] of Object.entries(calls)) {
    const rule = rateOf(profile, procedure);
    if (rule !== undefined && count > 0) total += Math.floor((count - 1) / rule.maxCalls) * (windowMs(rule) + 1);
  }
  return total;
}

/** Cuts a list into batches. */
export function batches(ids: readonly string[], size: number): string[][] {
  const cut: string[][] = [];
  for (let from = 0; from < ids.length; from += size) cut.push(ids.slice(from, from + size));
  return cut;
}

/** A pace of its own for one run of a check. */
export function createPace(t: Bench): Pace {
  const made = new Map<string, { procedure: string; calls: number }>();

  async function room(session: TestSession, procedure: string, calls = 1): Promise<void> {
    const rule = rateOf(t.profile, procedure);
    if (rule === undefined) return;
    const key = `${procedure} ${session.user.id}`;
    const entry = made.get(key) ?? { procedure, calls: 0 };
    if (entry.calls > 0 && entry.calls + calls > rule.maxCalls) {
      const passedMs = windowMs(rule) + 1;
      await t.time.pass(passedMs, "all");
      for (const other of made.values()) {
        const otherRule = rateOf(t.profile, other.procedure);
        if (otherRule !== undefined && windowMs(otherRule) < passedMs) other.calls = 0;
      }
    }
    entry.calls += calls;
    made.set(key, entry);
  }

  return {
    room,
    async set(session, text, ttlMs) {
      await room(session, "SetCustomStatus");
      return ttlMs === undefined ? session.set(text) : session.set(text, ttlMs);
    },
    async subscribe(session, ids, ttlMs) {
      const results: SubscribeResult[] = [];
      for (const batch of batches(ids, rowLimits(t.profile).subscribeMax)) {
        await room(session, "Subscribe");
        results.push(...(await (ttlMs === undefined ? session.subscribe(batch) : session.subscribe(batch, ttlMs))));
      }
      return results;
    },
    async unsubscribe(session, ids) {
      for (const batch of batches(ids, rowLimits(t.profile).unsubscribeMax)) {
        await room(session, "Unsubscribe");
        await session.unsubscribe(batch);
      }
    },
    async query(session, ids) {
      const results: QueryResult[] = [];
      for (const batch of batches(ids, t.profile.query?.batchMax ?? 1)) {
        await room(session, "QueryStatuses");
        results.push(...(await session.query(batch)));
      }
      return results;
    },
  };
}
