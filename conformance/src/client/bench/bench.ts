// The bench of one attempt at one check of a client: its server, its process, its matchers.
import { setTimeout as sleep } from "node:timers/promises";
import { difference } from "../../bench/evaluate.ts";
import { CheckFailure, Inconclusive, NotApplicable, NothingCame } from "../../failure.ts";
import type { Transcript } from "../../transcript/transcript.ts";
import { spoken } from "../../units.ts";
import type { ClientBench, ClientCheck } from "../check.ts";
import type { Backoff, ClientState, Hello, Protocol } from "../contract/contract.ts";
import { type DrivenClient, startDrivenClient } from "../contract/driven-client.ts";
import { defaultSettings, statusOf } from "../server/replies.ts";
import { openScriptedServer, type ScriptedServer } from "../server/scripted-server.ts";
import { fenceUser, type OpeningOptions, type ServerWatch } from "../server/server-watch.ts";
import { createLagMeter, type LagMeter } from "./lag.ts";

/** How the client under test is run. */
export interface ClientRunSettings {
  readonly command: readonly string[];
  readonly patienceMs: number;
  readonly timeoutScale: number;
}

export interface BenchOptions {
  readonly settings: ClientRunSettings;
  readonly check: ClientCheck;
  readonly protocol: Protocol;
  readonly hello: Hello;
  readonly transcript: Transcript;
}

/** The waits that clients are opened with where a check is not about them: short, so that coming back takes no time. */
export const shortBackoff: Backoff = { baseMs: 50, maxMs: 400, stableMs: 10_000 };

/** How often the client is asked what it believes. */
const pollMs = 25;

/** Longest wait for the program to start, and for the answer to a command. */
const startMs = 30_000;
const answerMs = 30_000;

/** A slower process than this can't tell that another was late. */
const lagMaxMs = 250;

export interface OpenBench {
  readonly bench: ClientBench;
  readonly close: () => Promise<void>;
}

export async function openClientBench(options: BenchOptions): Promise<OpenBench> {
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((one) => one()));
  };
  let users = 0;
  const openOne = async (): Promise<ClientBench> => {
    users += 1;
    const user = `user-${users}`;
    const parts = await openParts(options, user, opened);
    return createBench(options, user, parts, openOne);
  };
  try {
    return { bench: await openOne(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly server: ScriptedServer;
  readonly client: DrivenClient;
  readonly lag: LagMeter;
  readonly backoff: Backoff;
  readonly token: string;
}

async function openParts(options: BenchOptions, user: string, opened: (() => Promise<void>)[]): Promise<Parts> {
  const { check, hello, protocol, transcript, settings } = options;
  const scale = settings.timeoutScale;
  const backoff = hello.backoff ?? check.backoff ?? shortBackoff;
  const server = await openScriptedServer({ settings: { ...defaultSettings, ...check.server }, user, transcript });
  opened.push(() => server.close());
  const client = startDrivenClient({
    command: settings.command,
    transcript,
    startMs: startMs * scale,
    answerMs: answerMs * scale,
  });
  // The client goes first: a server that closes under it would make it busy.
  opened.unshift(() => client.end());
  const lag = createLagMeter();
  opened.push(async () => lag.stop());
  await client.hello();
  const device = `device-${user}`;
  const token = `token-of-${user}`;
  await client.open({ url: server.link.url, protocol, token, user, device, backoff });
  return { server, client, lag, backoff, token };
}

function createBench(
  { protocol, transcript, settings }: BenchOptions,
  user: string,
  { server, client, lag, backoff, token }: Parts,
  sibling: () => Promise<ClientBench>,
): ClientBench {
  const { timeoutScale } = settings;
  const patienceMs = settings.patienceMs * timeoutScale;
  /** Coming back takes at most a wait; what is due at once takes nothing. */
  const returnMs = patienceMs + backoff.maxMs;
  let given = 0;

  const believes: ClientBench["believes"] = async (what, expected, fits, limitMs = patienceMs) => {
    const until = performance.now() + limitMs;
    for (;;) {
      const state = await client.state();
      if (fits(state)) return state;
      if (performance.now() > until) throw new NothingCame(what, expected, shownState(state));
      await sleep(pollMs);
    }
  };
  const must: ClientBench["must"] = async (what, answer) => {
    const got = await answer;
    if ("error" in got) throw new CheckFailure(what, "ok", JSON.stringify(got.error));
  };
  const readsTo = (revision: number, limitMs?: number): Promise<ClientState> =>
    believes(
      "the client must fold what the stream brings",
      `${fenceUser} at revision ${revision}, which was sent last`,
      ({ statuses }) => (statuses[fenceUser]?.revision ?? -1) >= revision,
      limitMs,
    );
  const nextWatch: ClientBench["nextWatch"] = async (what, limitMs = returnMs) => {
    const watch = await server.watch(what, given, limitMs);
    given += 1;
    return watch;
  };
  const openAndRead = async (watch: ServerWatch, opening: OpeningOptions): Promise<void> => {
    server.fenceRevision.next();
    watch.open(opening);
    await readsTo(server.fenceRevision.now());
  };
  return {
    server,
    client,
    protocol,
    backoff,
    user,
    token,
    patienceMs,
    timeoutScale,
    sibling,
    believes,
    must,
    nextWatch,
    connect: async (opening = {}) => {
      const login = client.ask({ op: "login" });
      const refused = login.then((answer) => {
        if ("error" in answer) throw new CheckFailure("login must succeed", "ok", JSON.stringify(answer.error));
      });
      const what = "a client that logs in must open a Watch";
      const watch = await Promise.race([nextWatch(what), refused.then(() => new Promise<never>(() => {}))]);
      await openAndRead(watch, opening);
      if (opening.incomplete !== true) await refused;
      return watch;
    },
    nextOpenWatch: async (what, opening = {}, limitMs) => {
      const watch = await nextWatch(what, limitMs);
      await openAndRead(watch, opening);
      return watch;
    },
    fence: async (watch) => {
      const revision = server.fenceRevision.next();
      watch.send({ case: "status", value: statusOf(fenceUser, revision) });
      return await readsTo(revision);
    },
    quiet: async (what, ms, found) => {
      const until = performance.now() + ms;
      for (;;) {
        const got = found();
        if (got !== undefined) throw new CheckFailure(what, `nothing of it within ${spoken(ms)}`, got);
        const over = client.failure();
        if (over !== undefined) throw over;
        if (performance.now() >= until) return;
        await sleep(pollMs);
      }
    },
    atMost: (what, ms, mostMs) => {
      if (ms <= mostMs) return;
      if (lag.maxMs() > lagMaxMs) throw new Inconclusive(`this machine stood still for ${spoken(lag.maxMs())}`);
      throw new CheckFailure(what, `at most ${spoken(mostMs)}`, spoken(ms));
    },
    notApplicable: (why) => {
      throw new NotApplicable(why);
    },
    inconclusive: (why) => {
      throw new Inconclusive(why);
    },
    equal: (got, expected, what) => {
      const found = difference(got, expected);
      if (found !== undefined) throw new CheckFailure(what, found.expected, found.got);
    },
    ok: (condition, what, expected, got) => {
      if (!condition) throw new CheckFailure(what, expected, got);
    },
    lagMs: () => lag.maxMs(),
    note: (text) => transcript.add({ kind: "note", text }),
  };
}

function shownState(state: ClientState): string {
  return JSON.stringify(state);
}
