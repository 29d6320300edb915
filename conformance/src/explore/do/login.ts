// Steps of sessions: Login, Logout, Heartbeat, and calls with somebody else's session.
import { Platform, WatchEndReason } from "@userstatus/protocol";
import { durationOf, instantOf, msOf } from "../../units.ts";
import { Finding } from "../finding.ts";
import { type Fault, judgeOutcome, sessionFaults } from "../judge/refusal.ts";
import { judgeSelf } from "../judge/status.ts";
import { sameEpoch } from "../judge/stream.ts";
import { endAtOnce, isFull, logIn, remove, sessionsChanged, signOfLife } from "../model/presence.ts";
import { type AppState, counts, sessionOf, type UserState } from "../model/state.ts";
import { textFaults } from "../model/texts.ts";
import { refreshViews } from "../model/views.ts";
import { deviceName, type Step } from "../steps.ts";
import { attempt, type Walk } from "../walk/walk.ts";
import { type Actor, actor, callOf } from "./acting.ts";
import { customInput } from "./texts.ts";

type Of<D extends Step["do"]> = Extract<Step, { readonly do: D }>;

/** A Login that would leave open what holds afterwards is not made. */
export function mayLogIn(app: AppState, user: UserState, { device, platform }: Of<"login">): boolean {
  const known = user.sessions.find((session) => session.device === deviceName(device));
  // A live session that changes to a platform whose rule is full kicks nobody, and then there are too many.
  return known === undefined || !counts(known) || !isFull(app, user, known, platform);
}

export async function doLogin(walk: Walk, step: Of<"login">): Promise<void> {
  const { app } = walk;
  const { user } = actor(walk, step);
  const device = deviceName(step.device);
  const input = step.text === undefined ? undefined : customInput(app, step.text, step.ttl ?? "none");
  const sets = input !== undefined && input.text !== "";
  const outcome = await attempt(walk, "Login", async () =>
    walk.lane.user.login(
      {
        deviceId: device,
        platform: step.platform as Platform,
        ...(input === undefined
          ? {}
          : {
              customStatus: {
                text: input.text,
                ...(input.ttlMs === undefined ? {} : { ttl: durationOf(input.ttlMs) }),
              },
            }),
      },
      await walk.headersOf(user),
    ),
  );
  const faults: Fault[] = sets
    ? [
        ...textFaults(app, input).map(([reason, requirement]) => ({ reason, requirement })),
        ...app.rules.gated("SetCustomStatus", false, app.features).map((reason) => ({
          reason,
          requirement: reason === "PLAN_REQUIRED" ? "gate-plan" : "gate-switch",
        })),
      ]
    : [];
  const mayBe = user.registered ? [] : [{ reason: "USER_NOT_FOUND", requirement: "login-registers" }];
  const what = `Login of ${user.id}`;
  walk.record?.("Login", outcome.refusal?.reason ?? "answered");
  if (!judgeOutcome(walk, { user, method: "Login", what, faults, mayBe, limited: false }, outcome)) return;
  const { answer } = outcome;
  const before = user.sessions.find((session) => session.device === device);
  if (before !== undefined && answer.sessionId !== before.id)
    throw new Finding(["login-same-device"], `the session of ${what} on a known device`, before.id, answer.sessionId);
  const used = user.ended.some(({ id }) => id === answer.sessionId);
  if (used || !/^[\x20-\x7e]{1,64}$/.test(answer.sessionId))
    throw new Finding(
      ["login-reply"],
      `the session id of ${what}`,
      "a new one of 1 to 64 printable bytes",
      answer.sessionId,
    );
  logIn(app, user, { sessionId: answer.sessionId, device, platform: step.platform });
  if (sets) {
    const lasts = input.ttlMs ?? app.rules.texts.defaultMs;
    user.text = { text: input.text, endMs: lasts === undefined ? undefined : app.nowMs + lasts };
    user.textMs = app.nowMs;
  }
  const { version } = user.others;
  sessionsChanged(
    app,
    user,
    app.nowMs,
    sets ? "login-custom-set" : before === undefined ? "login-online" : "lost-revive",
  );
  if (sets && user.others.version === version) refreshViews(app, user, "login-custom-set", true);
  walk.sessionIds.set(`${user.id}/${device}`, answer.sessionId);
  sameEpoch(walk, answer.epoch, `in the answer of ${what}`);
  judgeSelf(app, user, answer.self, `in the answer of ${what}`, sets ? "login-custom-set" : "login-reply");
  const { leaseMs, heartbeatMs } = app.rules.liveness(step.platform);
  const told = `lease ${msOf(answer.lease)} ms, heartbeat ${msOf(answer.heartbeatInterval)} ms`;
  if (told !== `lease ${leaseMs} ms, heartbeat ${heartbeatMs} ms`)
    throw new Finding(
      ["login-reply"],
      `the answer of ${what}`,
      `lease ${leaseMs} ms, heartbeat ${heartbeatMs} ms`,
      told,
    );
  judgeTime(app, instantOf(answer.serverTime), what);
}

/** Refused whole, whatever else it has. */
export async function doBadLogin(walk: Walk, { user: index, fault }: Of<"bad login">): Promise<void> {
  const user = walk.cast[index];
  if (user === undefined) return;
  const devices = { "no platform": "device-0", "no device": "", "device too long": "d".repeat(65) } as const;
  const deviceId = fault === "device of other characters" ? "device 0" : devices[fault];
  const platform = fault === "no platform" ? Platform.UNSPECIFIED : Platform.ANDROID;
  const outcome = await attempt(walk, "Login", async () =>
    walk.lane.user.login({ deviceId, platform }, await walk.headersOf(user)),
  );
  const requirement = fault === "no platform" ? "enum-unspecified" : "id-device";
  const faults = [{ reason: "INVALID_FIELD", requirement }];
  const mayBe = user.registered ? [] : [{ reason: "USER_NOT_FOUND", requirement: "login-registers" }];
  judgeOutcome(
    walk,
    { user, method: "Login", what: `Login of ${user.id} with ${fault}`, faults, mayBe, limited: false },
    outcome,
  );
}

export async function doLogout(walk: Walk, step: Of<"logout">): Promise<void> {
  const { app } = walk;
  const who = actor(walk, step);
  const { user, sessionId } = who;
  const outcome = await callOf(walk, who, "Logout", (options) => walk.lane.user.logout({ sessionId }, options));
  if (!judgeOutcome(walk, factsOf(who, "Logout"), outcome)) return;
  const session = sessionOf(user, sessionId);
  if (session !== undefined) {
    const requirement = session.state === "lost" ? "logout-lost" : "logout-at-once";
    endAtOnce(app, user, [session], { session: "LOGGED_OUT", watch: WatchEndReason.LOGGED_OUT, requirement });
  }
  sameEpoch(walk, outcome.answer.epoch, "in the answer of Logout");
  judgeSelf(app, user, outcome.answer.self, "in the answer of Logout", "logout-at-once");
}

export async function doHeartbeat(walk: Walk, step: Of<"heartbeat">): Promise<void> {
  const who = actor(walk, step);
  const outcome = await callOf(walk, who, "Heartbeat", (options) =>
    walk.lane.user.heartbeat({ sessionId: who.sessionId }, options),
  );
  takeHeartbeat(walk, who, outcome);
}

export function takeHeartbeat(
  walk: Walk,
  who: Actor,
  outcome: Awaited<ReturnType<typeof callOf<Awaited<ReturnType<Walk["lane"]["user"]["heartbeat"]>>>>>,
): boolean {
  const { app } = walk;
  const { user, sessionId } = who;
  const facts = { ...factsOf(who, "Heartbeat"), ...comingBack(app, user, sessionId) };
  if (!judgeOutcome(walk, facts, outcome)) {
    takenBy(app, user, sessionId, outcome.refusal.reason);
    return false;
  }
  const session = sessionOf(user, sessionId);
  if (session === undefined) return true;
  signOfLife(app, user, session, "lost-revive");
  const { leaseMs } = app.rules.liveness(session.platform);
  const got = msOf(outcome.answer.lease);
  if (got !== leaseMs)
    throw new Finding(["lease-heartbeat"], `the lease in ${facts.what}`, `${leaseMs} ms`, `${got} ms`);
  judgeTime(app, instantOf(outcome.answer.serverTime), facts.what);
  return true;
}

/** Why a session can't come back by Heartbeat or Watch (session-comes-back). */
export function comingBack(app: AppState, user: UserState, sessionId: string): { faults: Fault[]; mayBe: Fault[] } {
  const session = sessionOf(user, sessionId);
  if (session?.state !== "lost" || !isFull(app, user, session, session.platform))
    return sessionFaults(user, sessionId, true);
  return { faults: [{ reason: "SESSION_ENDED", requirement: "session-comes-back", endReason: "KICKED" }], mayBe: [] };
}

/** Refused because newer logins took its place: it is over. */
export function takenBy(app: AppState, user: UserState, sessionId: string, reason: string | undefined): void {
  const session = sessionOf(user, sessionId);
  if (session === undefined || reason !== "SESSION_ENDED") return;
  remove(user, session, "KICKED");
  sessionsChanged(app, user, app.nowMs, "session-comes-back");
}

function factsOf({ user, sessionId }: Actor, method: string) {
  return { user, method, what: `${method} of ${user.id}`, limited: false, ...sessionFaults(user, sessionId, true) };
}

function judgeTime(app: AppState, got: number | undefined, what: string): void {
  if (!app.timed || got === app.nowMs) return;
  throw new Finding(["time-server", "clock-advance"], `server_time in ${what}`, String(app.nowMs), String(got));
}

/** A call with a session of somebody else must be refused, and change nothing. */
export async function doForeign(walk: Walk, step: Of<"foreign">): Promise<void> {
  const owner = actor(walk, step);
  const user = walk.cast[step.by] ?? owner.user;
  const { sessionId } = owner;
  const { lane } = walk;
  const outcome = await callOf<unknown>(walk, { user, sessionId }, step.procedure, (options) => {
    switch (step.procedure) {
      case "SetCustomStatus":
        return lane.user.setCustomStatus({ sessionId, customStatus: { text: "not mine" } }, options);
      case "QueryStatuses":
        return lane.user.queryStatuses({ sessionId, userIds: [owner.user.id] }, options);
      case "Subscribe":
        return lane.user.subscribe({ sessionId, userIds: [owner.user.id] }, options);
      case "Unsubscribe":
        return lane.user.unsubscribe({ sessionId, target: { case: "all", value: {} } }, options);
      case "Heartbeat":
        return lane.user.heartbeat({ sessionId }, options);
      case "ListSubscriptions":
        return lane.user.listSubscriptions({ sessionId }, options);
    }
  });
  const what = `${step.procedure} of ${user.id} with a session of ${owner.user.id}`;
  const faults = [{ reason: "SESSION_NOT_FOUND", requirement: "auth-foreign-session" }];
  // Whatever else is wrong with it may be said as well.
  const mayBe = ["TTL_OUT_OF_RANGE", "SELF_NOT_ALLOWED"].map((reason) => ({ reason, requirement: "auth-first" }));
  judgeOutcome(walk, { user, method: step.procedure, what, faults, mayBe, selfOnly: false }, outcome);
}
