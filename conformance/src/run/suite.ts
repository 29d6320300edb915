// A whole run: find the server and its tools, plan, run, judge, report.
import { randomBytes } from "node:crypto";
import { createIdSource } from "../bench/random.ts";
import type { RunContext } from "../bench/world.ts";
import type { Check, Tool } from "../check.ts";
import { checks as allChecks } from "../checks/index.ts";
import { NotTestable } from "../failure.ts";
import { scrubUser } from "../identity/scrub.ts";
import { cached, onClockOf, type TokenSource } from "../identity/tokens.ts";
import { createUserPool, type UserPool } from "../identity/user-pool.ts";
import { createUserSource, type UserSource } from "../identity/users.ts";
import type { ReadyUser } from "../identity/users-file.ts";
import { afterChecks, decideAfter } from "../invariants/decide.ts";
import { createObserver } from "../invariants/observer.ts";
import { buildReport } from "../report/build.ts";
import type { Report } from "../report/model.ts";
import { openOutDir } from "../report/out-dir.ts";
import { createPace, type Pace } from "../time/pace.ts";
import { msOf, spoken } from "../units.ts";
import { openConnection } from "../wire/connection.ts";
import { probe } from "../wire/probe.ts";
import { namedProfile, namedProfileId } from "./named-profile.ts";
import type { SuiteOptions } from "./options.ts";
import { keepAliveMsOf, type PlanInput, type PlannedCheck, planRun, totalWaitMs } from "./plan.ts";
import { type Job, type RunResult, runPlan } from "./runner.ts";
import { selectChecks, selects } from "./select.ts";
import { inShard } from "./shard.ts";
import { guardStrays } from "./stray.ts";
import { chooseTier, type FoundServer, type FoundTools, findServer, findTools, isServerClock } from "./target.ts";

/** Told while it goes. */
export interface SuiteListener {
  readonly say: (line: string) => void;
  readonly planned: (plan: Prepared) => void;
  readonly started: (job: Job) => void;
  readonly finished: (result: RunResult) => void;
}

/** Everything that is known before the first check runs. */
export interface Prepared {
  readonly run: RunContext;
  readonly server: FoundServer;
  readonly tools: Readonly<Record<Tool, true | string>>;
  readonly plan: readonly PlannedCheck[];
  readonly waitMs: number;
  readonly notices: readonly string[];
  readonly selection: string | undefined;
  readonly close: () => void;
}

export const defaults = { jobs: 8, patienceMs: 5000, timeBudgetMs: 300_000, app: "conformance" } as const;

/** Finds the server, opens the tools, and plans. Throws UsageError and TargetUnreachable. */
export async function prepare(options: SuiteOptions, checks: readonly Check[] = allChecks): Promise<Prepared> {
  const named = options.profile === undefined ? [] : [{ id: namedProfileId }];
  const selected = selectChecks([...checks, ...afterChecks, ...named], options.only, options.skip);
  const patienceMs = (options.patienceMs ?? defaults.patienceMs) * (options.timeoutScale ?? 1);
  const server = await findServer(options, patienceMs);
  const { info, profile, standInReason } = server;
  const claims = new Set(info.claims);
  // GetServerInfo without a token tells the server's wall clock, by which tokens run out.
  const tokens = cached(onClockOf(info.serverTime, Date.now(), options.tokens ?? noTokens()));
  const newId = createIdSource();
  const sharedApp = options.app ?? (claims.has("multi_app") && tokens.mintsAnything ? undefined : defaults.app);
  const found = await findTools({ options, tokens, app: sharedApp ?? newId("app-"), kinds: server.kinds, patienceMs });
  const users = usersOf({ options, found, server, tokens, patienceMs });
  const usersFile = users.way === "users file";
  const { tier, reason } = chooseTier({ asked: options.tier, claims, clock: found.clock, usersFile });
  const sharedClock = sharedApp !== undefined || isServerClock(info);
  const tools = toolsOf({ options, found, claims, tokens, users, tier, sharedClock });
  const pace = createPace();
  for (const { result, rttMs } of server.probes) if (result === "answered") pace.sample(rttMs);
  const run: RunContext = {
    url: options.url,
    info,
    infoRefused: server.infoRefused,
    profile,
    claims,
    tier,
    tokens,
    users,
    admin: found.admin,
    testing: found.testing,
    sharedApp,
    observer: createObserver(),
    pace,
    newId,
    seed: options.seed ?? randomBytes(4).toString("hex"),
    patienceMs,
  };
  const planInput: PlanInput = {
    checks: inShard(
      selected.checks.filter((check): check is Check => "run" in check),
      options.shard,
    ),
    profile,
    claims,
    tier,
    tools,
    timeBudgetMs: options.timeBudgetMs ?? defaults.timeBudgetMs,
    keepAliveMs: keepAliveMsOf(info),
    sharedApp: sharedApp !== undefined,
    sharedClock,
    clockStopped: found.clock?.stopped === true,
  };
  const plan = planRun(planInput);
  const notices = [...found.notices];
  if (standInReason !== undefined)
    notices.push(`${standInReason}; the rest is judged as if it had named the profile ${profile.name}`);
  if (options.tier === undefined && tier === "real") notices.push(`clock tier real: ${reason}`);
  return {
    run,
    server,
    tools,
    plan,
    waitMs: totalWaitMs(plan, planInput),
    notices,
    selection: saidOf(selected.said, options.shard),
    close: () => closeAll(found, pace),
  };
}

function saidOf(selection: string | undefined, shard: SuiteOptions["shard"]): string | undefined {
  const part = shard === undefined ? undefined : `part ${shard.index} of ${shard.count} of the checks was run`;
  return [selection, part].filter((said) => said !== undefined).join("; ") || undefined;
}

function closeAll(found: FoundTools, pace: Pace): void {
  found.admin?.close();
  found.testing?.close();
  pace.stop();
}

function noTokens(): TokenSource {
  const token = (): Promise<string> =>
    Promise.reject(new NotTestable("needs tokens: --token-secret, --token-command or --token-dev"));
  return { name: "the users file", mintsAnything: false, token };
}

interface UsersInput {
  readonly options: SuiteOptions;
  readonly found: FoundTools;
  readonly server: FoundServer;
  readonly tokens: TokenSource;
  readonly patienceMs: number;
}

function usersOf({ options, found, server, tokens, patienceMs }: UsersInput): UserSource {
  const { users, provisionCommand } = options;
  return createUserSource({
    hasAdmin: found.admin !== undefined && options.tokens !== undefined,
    provisionCommand,
    pool: users === undefined ? undefined : poolOf(users, { options, found, server, tokens, patienceMs }),
    hasRegistry: server.info.claims.includes("user_registry"),
  });
}

function poolOf(users: readonly ReadyUser[], { options, server, tokens, patienceMs }: UsersInput): UserPool {
  const restMs = Math.max(0, ...server.profile.rateLimits.map(({ window }) => msOf(window)));
  const [kind] = server.kinds;
  const app = options.app ?? defaults.app;
  return createUserPool(users, {
    restMs,
    waitMaxMs: 3 * restMs + 2 * patienceMs,
    scrub: async ({ id, token }, sessionIds) => {
      if (kind === undefined) return;
      const connection = openConnection(kind, options.url);
      const tokenOf = async (): Promise<string> => token ?? (await tokens.token({ app, user: id, role: "user" }));
      await scrubUser({ connection, patienceMs, token: tokenOf, sessionIds });
      connection.close();
    },
  });
}

interface ToolsInput {
  readonly options: SuiteOptions;
  readonly found: FoundTools;
  readonly claims: ReadonlySet<string>;
  readonly tokens: TokenSource;
  readonly users: UserSource;
  readonly tier: RunContext["tier"];
  readonly sharedClock: boolean;
}

function toolsOf({
  options,
  found,
  claims,
  tokens,
  users,
  tier,
  sharedClock,
}: ToolsInput): Record<Tool, true | string> {
  const mints = tokens.mintsAnything
    ? true
    : "needs tokens of the suite's own: --token-secret, --token-command or --token-dev";
  const clock =
    found.clock === undefined
      ? "needs a test clock (--testing-url)"
      : tier === "virtual" || !sharedClock || "the clock is everybody's, and --tier says to leave it";
  return {
    admin: found.admin === undefined ? "needs the admin service (--admin-url)" : mints,
    "fresh-users": users.fresh,
    "test-clock": clock === true ? mints : clock,
    "short-tokens": mints,
    "second-app": secondApp(options, claims, mints),
  };
}

function secondApp(options: SuiteOptions, claims: ReadonlySet<string>, mints: true | string): true | string {
  if (mints !== true) return mints;
  if (!claims.has("multi_app")) return "the server does not claim multi_app";
  return options.app === undefined ? true : "--app keeps to one app";
}

/** Runs what was prepared, and closes it. */
export async function runPrepared(prepared: Prepared, options: SuiteOptions, listener: SuiteListener): Promise<Report> {
  const { run, server, plan } = prepared;
  const startedAt = new Date();
  const started = performance.now();
  const strays = guardStrays();
  const write =
    options.outDir === undefined
      ? () => undefined
      : openOutDir(options.outDir, { profile: run.profile.name, tier: run.tier });
  listener.planned(prepared);
  if (prepared.waitMs > 0)
    listener.say(`The waits of this run take about ${spoken(prepared.waitMs)} (clock tier ${run.tier}).`);
  try {
    const { results, died } = await runPlan({
      run,
      plan,
      kinds: server.kinds,
      judged: server.judged,
      jobs: options.jobs ?? defaults.jobs,
      betweenChecks: options.betweenChecks,
      repeat: options.repeat ?? 1,
      rerun: options.rerun ?? true,
      alive: () => answers(run, server),
      onStart: listener.started,
      onDone: (result) => {
        write(result);
        listener.finished(result);
      },
    });
    const after = decideAfter(
      run.observer,
      afterChecks.filter(({ id }) => isSelected(id, options)),
    );
    const named = isSelected(namedProfileId, options) ? namedProfile(options.profile, run.profile.name) : undefined;
    const { info } = run;
    const { serverName, serverVersion, specVersion } = info;
    return buildReport({
      target: { url: options.url, serverName, serverVersion, specVersion, options: whereOf(options) },
      profile: run.profile.name,
      claims: [...run.claims].toSorted(),
      tier: run.tier,
      transports: server.judged.map(({ name }) => name),
      usersBy: run.users.way,
      seed: run.seed,
      notices: [...prepared.notices, ...strays.faults()],
      startedAt,
      durationMs: performance.now() - started,
      results,
      after: named === undefined ? after : [...after, named],
      died,
      selection: prepared.selection,
    });
  } finally {
    await run.users.finish();
    strays.stop();
    prepared.close();
  }
}

/** Options that a run of one check again needs, too. Tokens are the reader's. */
function whereOf({ adminUrl, testingUrl, profile, tier, app }: SuiteOptions): string[] {
  const named = {
    "--admin-url": adminUrl,
    "--testing-url": testingUrl,
    "--profile": profile,
    "--tier": tier,
    "--app": app,
  };
  return Object.entries(named).flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${value}`]));
}

function isSelected(id: string, { only = [], skip = [] }: SuiteOptions): boolean {
  return (
    (only.length === 0 || only.some((pattern) => selects(pattern, id))) && !skip.some((pattern) => selects(pattern, id))
  );
}

/** Asks twice, on new connections: a single lost one says nothing. */
async function answers(run: RunContext, server: FoundServer): Promise<boolean> {
  const kind = server.kinds[0];
  if (kind === undefined) return false;
  for (let tries = 0; tries < 2; tries++) {
    if ((await probe(run.url, kind, run.patienceMs)).result !== "silent") return true;
  }
  return false;
}
