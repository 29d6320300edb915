// Builds the bench of one run of one check, and takes it down again.
import { setMaxListeners } from "node:events";
import { createClient } from "@connectrpc/connect";
import { UserStatusService } from "@userstatus/protocol";
import type { AdminTool, Bench, Check, ClockTool, TestSession, TestUser, Time } from "../check.ts";
import { asFailure, CheckFailure, NotTestable, SuiteFault } from "../failure.ts";
import { createVirtualTime } from "../time/advance.ts";
import type { BenchTime, Living } from "../time/bench-time.ts";
import { createWaitingTime } from "../time/wait.ts";
import { createTranscript, type Transcript } from "../transcript/transcript.ts";
import { instantOf } from "../units.ts";
import { createCaller } from "../wire/caller.ts";
import { openConnection } from "../wire/connection.ts";
import type { TransportKind } from "../wire/kinds.ts";
import { createSpentTokens } from "../wire/spent-tokens.ts";
import { createMatchers } from "./matchers.ts";
import { createRandom } from "./random.ts";
import { describeError } from "./refusal.ts";
import { adminClient, createAdminTool, createClockTool, createWire, testingClient } from "./tools.ts";
import { createTestUser, livenessOf } from "./user.ts";
import { needTool, type RunContext, type World } from "./world.ts";

export interface OpenBench {
  /** Sets it up; in the virtual tier the app's clock stands still from here on. A failure is one of the check. */
  readonly start: () => Promise<Bench>;
  readonly transcript: Transcript;
  /** The app that the check works in. */
  readonly app: string;
  /** Why a failure that just happened decides nothing, if so. */
  readonly overdue: (failure: unknown) => string | undefined;
  /** Ends streams, calls and connections, and puts back what others share. Never rejects. */
  readonly close: () => Promise<void>;
}

export interface BenchRequest {
  readonly run: RunContext;
  readonly check: Check;
  readonly kind: TransportKind;
}

export function openBench({ run, check, kind }: BenchRequest): OpenBench {
  const over = new AbortController();
  // One listener for each call that waits.
  setMaxListeners(0, over.signal);
  const closers: (() => void | Promise<void>)[] = [];
  const app = run.sharedApp ?? run.newId("app-");
  let time: BenchTime | undefined;
  const transcript = createTranscript({ serverNow: () => time?.lastKnown() });
  const connection = openConnection(kind, run.url);
  const sessions = new Map<TestSession, Living>();
  const spentTokens = createSpentTokens();
  const sighting = { checkId: check.id, transport: kind.name, app };
  const base = {
    run,
    check,
    kind,
    app,
    random: createRandom(run.seed, check.id),
    transcript,
    connection,
    sighting,
    spentTokens,
    over: over.signal,
    sessions,
    onClose: (work: () => void | Promise<void>) => void closers.push(work),
  };
  const world: World = {
    ...base,
    get time() {
      if (time === undefined) throw new SuiteFault("the bench has no time yet");
      return time;
    },
  };
  const close = async (): Promise<void> => {
    for (const work of closers.toReversed()) {
      try {
        await work();
      } catch (error) {
        // What can't be put back is for the next check to trip over, not for this one.
        transcript.add({ kind: "note", text: `cleaning up: ${describeError(error)}` });
      }
    }
    over.abort();
    connection.close();
  };
  const started = benchTime(base);
  time = started;
  const overdue = (failure: unknown): string | undefined =>
    spentTokens.caused(failure)
      ? "this machine was too slow: a short token had run out when it was used"
      : started.overdue();
  const start = async (): Promise<Bench> => {
    await started.freeze();
    return assemble(world);
  };
  return { start, transcript, app, overdue, close };
}

function benchTime(world: Omit<World, "time">): BenchTime {
  const { run, check, transcript, over } = world;
  const log = (text: string): void => transcript.add({ kind: "clock", text });
  const testing = testingClient(world);
  if (run.tier === "virtual" && check.realTime !== true && testing !== undefined)
    return createVirtualTime({ testing, log, sessions: world.sessions });
  const token = (): Promise<string> => run.tokens.token({ app: world.app, user: "clock-reader", role: "user" });
  const quiet = createTranscript({ entriesMax: 4 });
  const caller = createCaller(world.connection.transport, {
    who: "",
    token: null,
    transcript: quiet,
    patienceMs: run.patienceMs,
    over,
  });
  const client = createClient(UserStatusService, caller);
  const askServer = async (): Promise<number | undefined> => {
    // With a token it tells the app's time, where apps have clocks of their own.
    const headers = run.tokens.mintsAnything ? { headers: { authorization: `Bearer ${await token()}` } } : {};
    return instantOf((await client.getServerInfo({}, headers)).serverTime);
  };
  const tier = run.tier === "scaled" ? "scaled" : "real";
  return createWaitingTime({ tier, askServer, pace: run.pace, sessions: world.sessions, log, over });
}

function assemble(world: World): Bench {
  const { run, check, random, transcript } = world;
  const user = async (options: { fresh?: boolean } = {}): Promise<TestUser> => {
    const [first] = await users(1, options);
    if (first === undefined) throw new SuiteFault("no user was made");
    return first;
  };
  const users: Bench["users"] = async (count, { fresh = false } = {}) => {
    if (fresh) needTool(check, "fresh-users");
    const ids = await makeUsers(world, count, fresh);
    return ids.map((id) => createTestUser(world, id));
  };
  const otherApp = `${world.app}-b`;
  let admin: AdminTool | undefined;
  let clock: ClockTool | undefined;
  const wire = createWire(world);
  return {
    get info() {
      if (run.infoRefused === undefined) return run.info;
      throw new CheckFailure("could not be reached: GetServerInfo must be answered", "an answer", run.infoRefused);
    },
    profile: run.profile,
    claims: run.claims,
    random,
    time: declaredTime(check, world.time),
    wire,
    get admin() {
      admin ??= createAdminTool(world);
      return admin;
    },
    get clock() {
      clock ??= createClockTool(world, () => otherApp);
      return clock;
    },
    user,
    users,
    unregisteredId: () => run.newId("nobody-"),
    tokenNaming: async (id) => {
      needTool(check, "short-tokens");
      try {
        return await run.tokens.token({ app: world.app, user: id, role: "user" });
      } catch (error) {
        throw new NotTestable(`the issuer makes no token that names ${id}: ${describeError(error)}`);
      }
    },
    inOtherApp: async (of) => {
      needTool(check, "second-app");
      await registerInOtherApp(world, otherApp, of.id);
      return createTestUser({ ...world, app: otherApp, sighting: { ...world.sighting, app: otherApp } }, of.id);
    },
    session: async (options) => (await user()).login(options),
    watcher: async (options = {}) => {
      const watched = await user();
      const session = await watched.login(options);
      const watch = await session.watch(options);
      return { session, watch, user: watched };
    },
    liveness: (platform) => livenessOf(run.profile, platform),
    ...createMatchers(),
    note: (text) => transcript.add({ kind: "note", text }),
  };
}

/** Time passes only for checks that declare it: they are planned by that, where a clock is shared or waits are real. */
function declaredTime(check: Check, time: Time): Time {
  if (check.timeMs !== undefined) return time;
  const refuse = (): never => {
    throw new SuiteFault(`the check ${check.id} lets time pass and does not declare timeMs`);
  };
  const { tier } = time;
  return {
    tier,
    now: () => time.now(),
    errorMs: () => time.errorMs(),
    pass: refuse,
    justBefore: refuse,
    reach: refuse,
  };
}

async function makeUsers(world: World, count: number, fresh: boolean): Promise<string[]> {
  const { run, app } = world;
  const byLogin = async (id: string): Promise<void> => {
    const session = await createTestUser(world, id).login();
    await session.logout();
  };
  try {
    const newId = (): string => run.newId("u-");
    const ids = await run.users.make({ app, count, fresh, newId, admin: adminClient(world, app), byLogin });
    world.onClose(() => run.users.giveBack(ids, sessionsByUser(world)));
    return ids;
  } catch (error) {
    throw asFailure(error, `${count} users must be registered (by ${run.users.way})`);
  }
}

function sessionsByUser(world: World): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { id, user } of world.sessions.keys()) found.set(user.id, [...(found.get(user.id) ?? []), id]);
  return found;
}

/** The same id in the other app: by the admin calls if there are any, else left to the first login. */
async function registerInOtherApp(world: World, app: string, id: string): Promise<void> {
  if (!world.run.claims.has("user_registry")) return;
  try {
    await adminClient(world, app)?.registerUsers({ userIds: [id] });
  } catch (error) {
    throw asFailure(error, "a user must be registered in the other app");
  }
}
