// client-backoff: random waits up to a bound that doubles, and that falls back only after a stable time. What is random is judged by
// sums over many waits, so that a right client fails less than once in ten million runs.
import { Code, ConnectError } from "@connectrpc/connect";
import type { ClientBench, ClientCheck } from "../check.ts";
import type { Backoff } from "../contract/contract.ts";
import { refusal } from "../server/replies.ts";
import {
  boundMs,
  breaking,
  growing,
  lateWaits,
  refusing,
  slackMs,
  spanMs,
  triesOf,
  triesWithin,
  twoClients,
  type Wait,
} from "./backoff-waits.ts";

export const waits: Backoff = { baseMs: 100, maxMs: 1_600, stableMs: 1_500 };

/** Late waits of each client, where two of them are compared wait by wait. */
const comparedWaits = 11;

/**
 * Clients that wait by the same random numbers are no further apart than a busy machine makes them. The sum of 11 differences of
 * random numbers from 0 to 1 is below 0.4 once in 400 million times (0.8 ** 11 / 11!).
 */
const inStepPart = 0.4;

function sum(of: readonly number[]): number {
  return of.reduce((total, one) => total + one, 0);
}

/** None above its bound; together no storm; the late ones no first ones. */
export function judge(t: ClientBench, of: readonly Wait[]): void {
  for (const [at, { ms, boundMs: bound }] of of.entries()) {
    const nth = (at % triesOf(t.backoff, lateWaits / 2)) + 1;
    t.atMost(`wait ${nth}, whose bound is ${bound} ms`, ms, bound + slackMs);
  }
  const late = of.filter(({ boundMs: bound }) => bound === t.backoff.maxMs).map(({ ms, boundMs: bound }) => ms / bound);
  // 10 random numbers from 0 to 1 have a sum below 0.6 once in 600 million times (0.6 ** 10 / 10!).
  const least = 0.6;
  t.ok(
    late.length < lateWaits || sum(late) >= least,
    `${late.length} waits whose bound is ${t.backoff.maxMs} ms, as parts of it, together`,
    `at least ${least}: a bound that has doubled so often, and waits at random up to it`,
    `${sum(late).toFixed(2)} (${late.map((part) => part.toFixed(3)).join(", ")})`,
  );
}

export const backoffChecks: readonly ClientCheck[] = [
  {
    id: "client-backoff/refused",
    title: "a server that refuses each Watch: waits up to a bound that doubles, none above it, and no storm",
    backoff: waits,
    longMs: spanMs,
    run: async (t) => {
      const [one, other] = await twoClients(t, refusing);
      judge(t, [...one, ...other]);
    },
  },
  {
    id: "client-backoff/breaking",
    title:
      "a server that accepts each Watch, sends a snapshot and a progress, and drops it: the bound grows all the same",
    // A slow machine must not make one of these streams stable.
    backoff: { ...waits, stableMs: 10_000 },
    longMs: spanMs,
    run: async (t) => {
      const [one, other] = await twoClients(t, breaking);
      judge(t, [...one, ...other]);
    },
  },
  {
    id: "client-backoff/random",
    title: "waits are random: neither all alike, nor those of two clients in step",
    // Longer waits: what a busy machine adds to each is a smaller part of them.
    backoff: { ...waits, maxMs: 3_200 },
    longMs: (backoff) => spanMs(backoff, comparedWaits),
    run: async (t) => {
      const [one, other] = await twoClients(t, refusing, comparedWaits);
      const late = (of: readonly Wait[]): number[] =>
        of.filter(({ boundMs: bound }) => bound === t.backoff.maxMs).map(({ ms, boundMs: bound }) => ms / bound);
      const all = [...late(one), ...late(other)];
      const spread = Math.max(...all) - Math.min(...all);
      // 22 random numbers lie within 0.2 of each other once in a million million times.
      t.ok(
        spread > 0.2,
        `the spread of ${all.length} waits, as parts of their bound`,
        "more than 0.2",
        spread.toFixed(3),
      );
      const apart = late(one).map((part, at) => Math.abs(part - (late(other)[at] ?? 0)));
      t.ok(
        sum(apart) > inStepPart,
        "how far the waits of two clients are apart, as parts of their bound, together",
        `more than ${inStepPart}: each waits at random by itself`,
        `${sum(apart).toFixed(2)} (${apart.map((part) => part.toFixed(3)).join(", ")})`,
      );
    },
  },
  {
    id: "client-backoff/resets",
    title: "after a stream that was up for the stable time the next wait is a first one again",
    backoff: { ...waits, maxMs: 6_400 },
    longMs: (backoff) => rounds(backoff) * (backoff.stableMs + 2_000) + spanMs(backoff) / 2,
    run: async (t) => {
      let watch = await t.connect();
      const failing = breaking(t);
      failing.begin(watch);
      for (let at = 0; at < growing(t.backoff); at++) {
        await failing.next("a client must try again", boundMs(t.backoff, at) + slackMs + t.patienceMs);
      }
      for (let round = 0; round < rounds(t.backoff); round++) {
        const limitMs = t.backoff.maxMs + slackMs + t.patienceMs;
        watch = await t.nextOpenWatch("a client must try again", {}, limitMs);
        // A stream has to be up for real; heartbeats and keep-alives go on.
        await new Promise((resolve) => setTimeout(resolve, t.backoff.stableMs + 300));
        const brokenAtMs = watch.finish(new ConnectError("gone", Code.Unavailable));
        const mark = t.server.arrivals.mark();
        const back = await t.server.arrivals.next("a client must try again", mark, limitMs, "watch");
        const what = `the wait after a stream that was up for ${t.backoff.stableMs} ms and more (round ${round + 1})`;
        t.atMost(what, back.atMs - brokenAtMs, t.backoff.baseMs + slackMs);
      }
    },
  },
  {
    id: "client-backoff/no-server",
    title: "where nothing answers any more, tries are few, and the client is there once something does",
    backoff: waits,
    everyProtocol: true,
    longMs: () => 4_000,
    run: async (t) => {
      await t.connect();
      const before = t.server.link.connections();
      const { baseMs, maxMs } = t.backoff;
      const spanOfTriesMs = baseMs + maxMs + 2_000;
      // Two connections for each try.
      const allowed = 2 + 2 * triesWithin(t.backoff, spanOfTriesMs);
      t.server.link.cutOff();
      t.note("every connection is broken, and new ones are refused");
      const tried = (): number => t.server.link.connections() - before;
      const what = `connections within ${spanOfTriesMs} ms to a server that is gone`;
      await t.quiet(what, spanOfTriesMs, () =>
        tried() > allowed ? `${tried()}, where ${allowed} are many` : undefined,
      );
      t.server.link.mend();
      t.note("new connections are good again");
      await t.nextOpenWatch("a client must come back once the server is there again", {}, maxMs * 2 + t.patienceMs);
    },
  },
  {
    id: "client-backoff/logins",
    title: "logins that are refused are tried again with growing waits, too",
    backoff: waits,
    longMs: () => 5_000,
    run: async (t) => {
      const watch = await t.connect();
      t.server.onWatch(() => {
        throw refusal("SESSION_NOT_FOUND");
      });
      t.server.script({
        login: () => {
          throw new ConnectError("not now", Code.Unavailable);
        },
      });
      const mark = t.server.arrivals.mark();
      watch.finish();
      const { maxMs } = t.backoff;
      const spanOfTriesMs = Math.min(3 * maxMs, maxMs + 3_000);
      const allowed = 1 + triesWithin(t.backoff, spanOfTriesMs);
      const logins = (): number => t.server.arrivals.after(mark, "login").length;
      const what = `logins within ${spanOfTriesMs} ms at a server that refuses them`;
      await t.quiet(what, spanOfTriesMs, () =>
        logins() > allowed ? `${logins()}, where ${allowed} are many` : undefined,
      );
      t.ok(logins() > 0, "a client whose session is not known must log in", "a login", "none");
    },
  },
];

/** How often the fall of the bound is looked at: a client that never falls back is seen in each with four of five chances. */
function rounds({ stableMs }: Backoff): number {
  return Math.max(2, Math.min(4, Math.floor(60_000 / stableMs)));
}
