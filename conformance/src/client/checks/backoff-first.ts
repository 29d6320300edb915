// client-backoff: the waits that seem to need none: the first one after a stable stream, the one before another first login, and those
// after a watch_end that gives no delays.
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ClientBench, ClientCheck } from "../check.ts";
import type { Backoff } from "../contract/contract.ts";
import { judge, waits } from "./backoff.ts";
import { ending, slackMs, spanMs, triesWithin, twoClients } from "./backoff-waits.ts";

/** A first wait can be told from none on a slow machine, and streams are soon stable. */
const firstWaits: Backoff = { baseMs: 1_000, maxMs: 4_000, stableMs: 300 };

/** First waits of each client that are looked at. */
function roundsOf({ stableMs }: Backoff): number {
  return stableMs > 12_000 ? 2 : 5;
}

/** `count` random numbers from 0 to 1 have a sum below this once in ten million times (x ** count / count!). */
function leastSum(count: number): number {
  const product = Array.from({ length: count }, (_, at) => at + 1).reduce((all, one) => all * one, 1e-7);
  return product ** (1 / count);
}

/** Waits after streams that were stable, as parts of their bound. */
async function firstWaitsOf(t: ClientBench): Promise<number[]> {
  const { baseMs, maxMs, stableMs } = t.backoff;
  const again = "after a stream that broke a client must try again";
  const parts: number[] = [];
  let watch = await t.connect();
  for (let round = 0; round < roundsOf(t.backoff); round++) {
    // A stream has to be up for real. One that the client takes for a short one makes the wait longer only.
    await sleep(stableMs + 100);
    const mark = t.server.arrivals.mark();
    const brokenAtMs = watch.finish(new ConnectError("gone", Code.Unavailable));
    const limitMs = maxMs + slackMs + t.patienceMs;
    const { atMs } = await t.server.arrivals.next(again, mark, limitMs, "watch");
    parts.push((atMs - brokenAtMs) / baseMs);
    watch = await t.nextOpenWatch(again, {}, limitMs);
  }
  return parts;
}

/** How long first logins are counted. */
const loginsMs = 2_000;

export const backoffFirstChecks: readonly ClientCheck[] = [
  {
    id: "client-backoff/first-wait",
    title: "the first try after a stable stream comes after a random wait, too",
    backoff: firstWaits,
    longMs: (backoff) => roundsOf(backoff) * (backoff.stableMs + 100 + backoff.baseMs / 2),
    run: async (t) => {
      const other = await t.sibling();
      const parts = (await Promise.all([firstWaitsOf(t), firstWaitsOf(other)])).flat();
      const sum = parts.reduce((all, one) => all + one, 0);
      const least = leastSum(parts.length);
      t.ok(
        sum >= least,
        `${parts.length} first waits, whose bound is ${t.backoff.baseMs} ms, as parts of it, together`,
        `at least ${least.toFixed(2)}: waits at random up to it`,
        `${sum.toFixed(2)} (${parts.map((part) => part.toFixed(3)).join(", ")})`,
      );
    },
  },
  {
    id: "client-backoff/first-login",
    title: "a first login that is refused is given up, or tried again after waits",
    backoff: waits,
    longMs: () => loginsMs,
    run: async (t) => {
      t.server.script({
        login: () => {
          throw new ConnectError("not now", Code.Unavailable);
        },
      });
      // Whether it fails or goes on trying is the client's choice.
      t.client.ask({ op: "login" }).catch(() => {});
      await t.server.arrivals.next("the command login must call Login", 0, t.patienceMs, "login");
      // Twice the fifths: in so short a span few waits have the greatest bound.
      const allowed = 2 * triesWithin(t.backoff, loginsMs);
      const logins = (): number => t.server.arrivals.after(0, "login").length;
      await t.quiet(`logins within ${loginsMs} ms at a server that refuses them`, loginsMs, () =>
        logins() > allowed ? `${logins()}, where ${allowed} are many` : undefined,
      );
    },
  },
  {
    id: "client-backoff/ended",
    title: "a server that ends each Watch with may_resume and no delays: waits up to a bound that doubles all the same",
    backoff: { baseMs: 100, maxMs: 800, stableMs: 10_000 },
    longMs: spanMs,
    run: async (t) => {
      const [one, other] = await twoClients(t, ending);
      judge(t, [...one, ...other]);
    },
  },
];
