// Makes clients lose their server again and again, and measures how long they wait before each try.
import { Code, ConnectError } from "@connectrpc/connect";
import { WatchEndReason } from "@userstatus/protocol";
import type { ClientBench } from "../check.ts";
import type { Backoff } from "../contract/contract.ts";
import { bytes, type ServerWatch } from "../server/server-watch.ts";

/** A machine under load, and a call that must fail first. */
export const slackMs = 1_200;

/** Bound of the wait number `at`, from 0. */
export function boundMs({ baseMs, maxMs }: Backoff, at: number): number {
  return Math.min(maxMs, baseMs * 2 ** at);
}

/** Waits until the bound no longer grows. */
export function growing({ baseMs, maxMs }: Backoff): number {
  return Math.ceil(Math.log2(maxMs / baseMs));
}

/** As many tries as fit into a span by waits of a fifth of their bounds. */
export function triesWithin(backoff: Backoff, spanOfTriesMs: number): number {
  let tries = 0;
  for (let ms = 0; ms < spanOfTriesMs; tries++) ms += boundMs(backoff, tries) / 5;
  return tries;
}

/** One wait, and the bound that it has. */
export interface Wait {
  readonly ms: number;
  readonly boundMs: number;
}

/** Late waits that are looked at, of both clients together. */
export const lateWaits = 10;

/** Tries of one client, `late` of them after waits whose bound is the greatest. */
export function triesOf(backoff: Backoff, late: number): number {
  return growing(backoff) + late;
}

/** How long these take by their means. */
export function spanMs(backoff: Backoff, late: number = lateWaits / 2): number {
  return Array.from({ length: triesOf(backoff, late) }, (_, at) => boundMs(backoff, at) / 2).reduce(
    (sum, ms) => sum + ms,
    0,
  );
}

/** Lets it fail again and again, until `late` waits had the greatest bound. */
async function waitsOf(
  t: ClientBench,
  first: ServerWatch,
  fail: (t: ClientBench) => Failing,
  late: number,
): Promise<Wait[]> {
  const failing = fail(t);
  let failedAtMs = failing.begin(first);
  const found: Wait[] = [];
  for (let at = 0; at < triesOf(t.backoff, late); at++) {
    const bound = boundMs(t.backoff, at);
    const what = `a client must try again (try ${at + 1})`;
    const { atMs, failedMs } = await failing.next(what, bound + slackMs + t.patienceMs);
    found.push({ ms: atMs - failedAtMs, boundMs: bound });
    failedAtMs = failedMs;
  }
  return found;
}

export interface Failing {
  /** The first failure, of a stream that is open; answers when it was. */
  readonly begin: (watch: ServerWatch) => number;
  /** The next try: when it came, and when it failed. */
  readonly next: (what: string, limitMs: number) => Promise<{ atMs: number; failedMs: number }>;
}

/** Every Watch is refused. */
export function refusing(t: ClientBench): Failing {
  let mark = 0;
  return {
    begin: (watch) => {
      t.server.onWatch(() => {
        throw new ConnectError("not now", Code.Unavailable);
      });
      mark = t.server.arrivals.mark();
      return watch.finish(new ConnectError("gone", Code.Unavailable));
    },
    next: async (what, limitMs) => {
      const { index, atMs } = await t.server.arrivals.next(what, mark, limitMs, "watch");
      mark = index + 1;
      return { atMs, failedMs: atMs };
    },
  };
}

/** Every Watch opens and makes some progress, and breaks then. */
export function breaking(t: ClientBench): Failing {
  return {
    begin: (watch) => watch.finish(new ConnectError("gone", Code.Unavailable)),
    next: async (what, limitMs) => {
      const watch = await t.nextOpenWatch(what, {}, limitMs);
      watch.send({ case: "progress", value: { cursor: bytes("cursor-2") } });
      await t.fence(watch);
      return { atMs: watch.arrival.atMs, failedMs: watch.finish(new ConnectError("gone", Code.Unavailable)) };
    },
  };
}

/** Every Watch opens, and is ended by the server, which gives no delays. */
export function ending(t: ClientBench): Failing {
  const end = { reason: WatchEndReason.RESYNC, mayResume: true } as const;
  return {
    begin: (watch) => watch.end(end),
    next: async (what, limitMs) => {
      const watch = await t.nextOpenWatch(what, {}, limitMs);
      return { atMs: watch.arrival.atMs, failedMs: watch.end(end) };
    },
  };
}

/** The waits of two clients, each with a server of its own. */
export async function twoClients(
  t: ClientBench,
  fail: (t: ClientBench) => Failing,
  late: number = lateWaits / 2,
): Promise<[Wait[], Wait[]]> {
  const other = await t.sibling();
  const each = async (one: ClientBench) => waitsOf(one, await one.connect(), fail, late);
  return await Promise.all([each(t), each(other)]);
}
