// The tools of a bench: the admin service of its app, the test clock, and HTTP below the method.
import { type Client, createClient } from "@connectrpc/connect";
import { AdminService, type Features } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";
import type { AdminTool, ClockTool, Wire } from "../check.ts";
import { asFailure, CheckFailure, SuiteFault } from "../failure.ts";
import { observeAnswer, observeMessage } from "../invariants/observer.ts";
import { durationOf, instantOf } from "../units.ts";
import { createCaller } from "../wire/caller.ts";
import { agentOf } from "../wire/connection.ts";
import { exchange } from "../wire/http.ts";
import { needTool, type World } from "./world.ts";

type WorldWithoutTime = Omit<World, "time">;

/** The admin service, as the backend of the app; undefined where the run has none. */
export function adminClient(world: WorldWithoutTime, app: string = world.app): Client<typeof AdminService> | undefined {
  const token = (): Promise<string> => world.run.tokens.token({ app, user: "", role: "admin" });
  return adminClientAs(world, "admin", token);
}

function adminClientAs(
  world: WorldWithoutTime,
  who: string,
  token: string | null | (() => Promise<string>),
): Client<typeof AdminService> | undefined {
  const { run, transcript, over, sighting } = world;
  if (run.admin === undefined) return undefined;
  const caller = createCaller(run.admin.transport, {
    who,
    token,
    transcript,
    patienceMs: run.patienceMs,
    over,
    received: (...seen) => observeMessage(run.observer, sighting, ...seen),
    observe: (method, answer) => observeAnswer(run.observer, sighting, "", method, answer),
  });
  return createClient(AdminService, caller);
}

/** The testing service, for the clock of the app. Moving it may take longer than a call. */
export function testingClient(
  world: WorldWithoutTime,
  app: string = world.app,
): Client<typeof TestingService> | undefined {
  return testingClientAs(world, "admin", () => world.run.tokens.token({ app, user: "", role: "admin" }));
}

function testingClientAs(
  { run, transcript, over, sighting }: WorldWithoutTime,
  who: string,
  token: string | null | (() => Promise<string>),
): Client<typeof TestingService> | undefined {
  if (run.testing === undefined) return undefined;
  return createClient(
    TestingService,
    createCaller(run.testing.transport, {
      who,
      token,
      transcript,
      patienceMs: run.patienceMs * 4,
      over,
      received: (...seen) => observeMessage(run.observer, sighting, ...seen),
    }),
  );
}

const featurePaths = { plan: "plan", userStatus: "user_status", friendNotifications: "friend_notifications" } as const;

export function createAdminTool(world: World): AdminTool {
  needTool(world.check, "admin");
  const client = adminClient(world);
  if (client === undefined) throw new SuiteFault("the run has no admin service");
  let kept = false;
  /** In an app that others share, switches are put back when the check is over. */
  const keepFeatures = async (): Promise<void> => {
    if (kept || world.run.sharedApp === undefined) return;
    kept = true;
    const { features } = await judged("GetFeatures", client.getFeatures({}));
    if (features !== undefined) world.onClose(async () => void (await client.updateFeatures({ features })));
  };
  const judged = <T>(what: string, call: Promise<T>): Promise<T> =>
    call.catch((error: unknown) => {
      throw asFailure(error, `${what} of the admin service must be answered`);
    });
  return {
    client,
    as: (token) => adminClientAs(world, "another token", token) ?? client,
    token: () => world.run.tokens.token({ app: world.app, user: "", role: "admin" }),
    register: async (ids) => (await judged("RegisterUsers", client.registerUsers({ userIds: [...ids] }))).createdCount,
    remove: async (ids) => (await judged("DeleteUsers", client.deleteUsers({ userIds: [...ids] }))).deletedCount,
    setFriends: async (userId, friends) =>
      void (await judged("SetFriends", client.setFriends({ userId, friendUserIds: [...friends] }))),
    features: async (change) => {
      await keepFeatures();
      const paths = (Object.keys(change) as (keyof typeof featurePaths)[]).map((name) => featurePaths[name]);
      if (paths.length === 0) return;
      const features: Partial<Pick<Features, keyof typeof featurePaths>> = change;
      await judged("UpdateFeatures", client.updateFeatures({ features, updateMask: { paths } }));
    },
    endSessions: async (userId, sessions = []) =>
      (await judged("EndSessions", client.endSessions({ userId, sessionIds: [...sessions] }))).endedSessionIds,
    query: async (ids) => (await judged("QueryStatuses", client.queryStatuses({ userIds: [...ids] }))).results,
  };
}

export function createClockTool(world: World, otherApp: () => string): ClockTool {
  needTool(world.check, "test-clock");
  const client = testingClient(world);
  if (client === undefined) throw new SuiteFault("the run has no testing service");
  const clockOf = async (of: Client<typeof TestingService>): Promise<{ now: number; stopped: boolean }> => {
    const { now, stopped } = await of.getClock({});
    return { now: time(instantOf(now), "GetClock"), stopped };
  };
  return {
    as: (token) => testingClientAs(world, "another token", token) ?? client,
    now: () => judgedClock("GetClock", clockOf(client)),
    advance: async (ms, holdLeases = false) => {
      const { now } = await judgedClock("AdvanceClock", client.advanceClock({ duration: durationOf(ms), holdLeases }));
      const at = time(instantOf(now), "AdvanceClock");
      world.time.moved(at);
      return at;
    },
    changeEpoch: async () => {
      const done = world.run.observer.epochChanging(world.app);
      let epoch: string | undefined;
      try {
        epoch = (await judgedClock("ChangeEpoch", client.changeEpoch({}))).epoch;
        return epoch;
      } finally {
        done(epoch);
      }
    },
    nowOfOtherApp: async () => {
      needTool(world.check, "second-app");
      const other = testingClient(world, otherApp());
      if (other === undefined) throw new SuiteFault("the run has no testing service");
      const { stopped } = await judgedClock("GetClock", other.getClock({}));
      // Stopped at the first look, so that two looks can be compared.
      if (!stopped) await judgedClock("AdvanceClock", other.advanceClock({ duration: durationOf(0) }));
      return (await judgedClock("GetClock", clockOf(other))).now;
    },
  };
}

function judgedClock<T>(method: string, call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    throw asFailure(error, `${method} of the testing service must be answered`);
  });
}

function time(ms: number | undefined, method: string): number {
  if (ms === undefined) throw new CheckFailure(`${method} must answer with the time of the clock`, "a time", "none");
  return ms;
}

export function createWire(world: World): Wire {
  const { run, transcript } = world;
  const base = run.url.replace(/\/$/, "");
  const agent = agentOf(new URL(base));
  world.onClose(() => agent.destroy());
  return {
    transport: world.kind.name,
    baseUrl: base,
    http: async ({ method, path, headers = {}, body, token }) => {
      const id = transcript.nextId();
      const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      transcript.add({
        kind: "http",
        id,
        text: `${method} ${path} ${redacted(headers)} ${bytes?.length ?? 0} bytes: ${preview(bytes)}`,
      });
      const timeoutMs = run.patienceMs;
      const answer = await exchange({
        method,
        url: `${base}${path}`,
        headers: { ...headers, ...authorization },
        body: bytes,
        agent,
        timeoutMs,
      });
      transcript.add({
        kind: "http",
        id,
        text: `${answer.status} ${JSON.stringify(answer.headers)} ${answer.body.length} bytes: ${preview(answer.body)}`,
      });
      return answer;
    },
  };
}

function redacted(headers: Readonly<Record<string, string>>): string {
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    name.toLowerCase() === "authorization" ? "(a token)" : value,
  ]);
  return JSON.stringify(Object.fromEntries(shown));
}

/** The beginning of a body: text as it is, else hex. */
function preview(bytes: Uint8Array | undefined): string {
  if (bytes === undefined || bytes.length === 0) return "";
  const head = Buffer.from(bytes.subarray(0, 200));
  const text = head.toString("utf8");
  return /^[\x20-\x7e\s]*$/.test(text) ? text : `0x${head.subarray(0, 64).toString("hex")}`;
}
