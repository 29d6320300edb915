// Checks of SPEC §5, error-no-effect: after each kind of refused call everything is as it was before, the count of rates too.
import { type ListSubscriptionsResponse, Platform, type ReasonName, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestUser, TestWatch } from "../check.ts";
import { openAndDrop, plainCalls, refusedWithOneOf } from "./lib/a-calls.ts";
import {
  firstOf,
  gracesMs,
  hasLimit,
  hasOffline,
  limitSamples,
  livenessOf,
  lossStatus,
  offlineSamples,
  ruleSamples,
  silenceMs,
} from "./lib/a-profile.ts";
import {
  argumentRefusals,
  hasRate,
  identityRefusals,
  inProfile,
  ratedCall,
  stayAlive,
  usableRates,
  useUp,
} from "./lib/a-refusals.ts";
import {
  allLive,
  loggedInAt,
  loginAll,
  look,
  lostSession,
  shows,
  textOf,
  twoUsers,
  watching,
  whileBefore,
} from "./lib/a-scenes.ts";
import { reasonIn } from "./lib/b-values.ts";

/** Everything of a user that calls can see. */
interface State {
  readonly status: UserStatus;
  readonly rows: readonly ListSubscriptionsResponse["subscriptions"][number]["subscription"][];
  readonly self: unknown;
}

async function stateOfUser(t: Bench, session: TestSession): Promise<State> {
  const rows = (await session.list()).map(({ subscription }) => subscription);
  return { status: await look(t, session.user.id), rows, self: await ownStatus(session) };
}

/** The own status, by a Watch that replaces the one before. */
async function ownStatus(session: TestSession): Promise<unknown> {
  return newestSelf(await session.watch());
}

function newestSelf(watch: TestWatch): unknown {
  return watch.seen
    .map(({ event }) => (event.case === "self" ? event.value : undefined))
    .findLast((self) => self !== undefined);
}

function unchanged(t: Bench, before: State, after: State, what: string): void {
  t.equal(after.status, before.status, `Status that others see, ${what}`);
  t.equal(after.rows, before.rows, `Rows, ${what}`);
  t.equal(after.self, before.self, `Own status and sessions, ${what}`);
}

/** Calls of a procedure that has a rate, each refused for another fault. */
function badCalls(t: Bench, session: TestSession, procedure: string, targetId: string): readonly BadCall[] {
  const bad = ["not an id"];
  const tooLong = "x".repeat((t.profile.customStatus?.maxBytes ?? 0) + 1);
  const arguments_: Record<string, BadCall> = {
    SetCustomStatus: { reason: "CUSTOM_STATUS_TOO_LONG", call: () => session.raw.set({ text: tooLong }) },
    QueryStatuses: { reason: "INVALID_USER_ID", call: () => session.raw.query(bad) },
    Subscribe: { reason: "INVALID_USER_ID", call: () => session.raw.subscribe(bad) },
    Unsubscribe: { reason: "INVALID_USER_ID", call: () => session.raw.unsubscribe(bad) },
    ListSubscriptions: { reason: "INVALID_USER_ID", call: () => session.raw.list({ userIds: bad }) },
  };
  const options = { client: session.user.client(), sessionId: "never-given", targetId, profile: t.profile };
  const unknown = plainCalls(options).find(({ name }) => name === procedure);
  const argument = arguments_[procedure];
  if (!argument || !unknown) throw new Error(`no refused call of ${procedure} is known`);
  return [argument, { reason: "SESSION_NOT_FOUND", call: unknown.call }];
}

interface BadCall {
  readonly reason: ReasonName;
  readonly call: () => Promise<unknown>;
}

/** Logins of a device, each with one fault. */
function badLogins(t: Bench, user: TestUser, deviceId: string, platform: Platform): readonly BadCall[] {
  const text = "x".repeat((t.profile.customStatus?.maxBytes ?? 0) + 1);
  const client = user.client();
  return [
    {
      reason: "CUSTOM_STATUS_TOO_LONG",
      call: () => client.login({ deviceId, platform, customStatus: { text } }),
    },
    { reason: "INVALID_FIELD", call: () => client.login({ deviceId, platform: Platform.UNSPECIFIED }) },
  ];
}

/** A Watch and Logins that would start the lease anew, or bring a lost session back, were they not refused for a fault. */
async function badSignsOfLife(t: Bench, { user, id, device, platform }: TestSession, when: string): Promise<void> {
  const cursor = new TextEncoder().encode("a cursor of nobody");
  const watch = openAndDrop(user.client(), { sessionId: id, cursor });
  await t.refused(watch, "MALFORMED_CURSOR", `Watch with a cursor of nobody, ${when}`);
  for (const { reason, call } of badLogins(t, user, device, platform))
    await t.refused(call(), reason, `Login of the same device with a fault, ${when}`);
}

export const noEffectChecks: readonly Check[] = [
  {
    id: "error-no-effect/state",
    title: "After every kind of refused call status, text, revision, rows and sessions are as they were",
    run: async (t: Bench) => {
      const target = await t.user();
      const session = await t.session({ text: "was" });
      await session.subscribe([target.id]);
      const before = await stateOfUser(t, session);
      t.equal(before.rows.length, 1, "Rows before the refused calls");
      for (const { reason, what, call } of inProfile([...argumentRefusals, ...identityRefusals], t.profile)) {
        await t.refused(call(t, session), reason, what);
      }
      unchanged(t, before, await stateOfUser(t, session), "after refused calls");
    },
  },
  {
    id: "error-no-effect/watch",
    title: "Refused calls send nothing new to a watcher, and leave the user's own Watch open",
    run: async (t: Bench) => {
      const { session, watch, user } = await t.watcher({ text: "was" });
      const { watch: observing } = await watching(t, user.id);
      const before = observing.held(user.id);
      t.equal(textOf(before), "was", "Text that the watcher holds before the refused calls");
      const mark = observing.mark();
      for (const { reason, what, call } of inProfile([...argumentRefusals, ...identityRefusals], t.profile)) {
        await t.refused(call(t, session), reason, what);
      }
      await observing.fence();
      for (const status of observing.statusesOf(user.id, mark)) {
        t.equal(status.revision, before?.revision, "Revision on the watcher's Watch after refused calls");
      }
      await watch.fence();
    },
  },
  {
    id: "error-no-effect/batch",
    title: "A batch that is refused for one bad id, or for its length, makes and ends no row",
    run: async (t: Bench) => {
      const [good, kept] = await twoUsers(t);
      const session = await t.session();
      await session.subscribe([kept.id]);
      const rows = await session.list();
      const { subscribeBatchMax = 1, unsubscribeBatchMax = 1 } = t.profile.subscription ?? {};
      if (subscribeBatchMax >= 2) {
        await t.refused(
          session.raw.subscribe([good.id, "not an id"]),
          "INVALID_USER_ID",
          "Subscribe to a good and a bad id",
        );
      }
      const many = Array.from({ length: subscribeBatchMax + 1 }, () => good.id);
      await t.refused(session.raw.subscribe(many), "BATCH_TOO_LARGE", "Subscribe to too many");
      if (unsubscribeBatchMax >= 2) {
        await t.refused(
          session.raw.unsubscribe([kept.id, "not an id"]),
          "INVALID_USER_ID",
          "Unsubscribe of a good and a bad id",
        );
      }
      const gone = Array.from({ length: unsubscribeBatchMax + 1 }, () => kept.id);
      await t.refused(session.raw.unsubscribe(gone), "BATCH_TOO_LARGE", "Unsubscribe of too many");
      const shown = (list: typeof rows): unknown => list.map(({ subscription }) => subscription);
      t.equal(shown(await session.list()), shown(rows), "Rows after the refused batches");
    },
  },
  {
    id: "error-no-effect/login-at-the-limit",
    title: "A Login that is refused kicks nobody, though one more session would have",
    applies: hasLimit,
    run: async (t: Bench) => {
      const text = "x".repeat((t.profile.customStatus?.maxBytes ?? 0) + 1);
      for (const { filling, extra, title } of limitSamples(t.profile)) {
        const user = await t.user();
        const sessions = await loginAll(user, filling);
        const platform = extra;
        const tooLong = user.client().login({ deviceId: "one-more", platform, customStatus: { text } });
        await t.refused(tooLong, "CUSTOM_STATUS_TOO_LONG", `Login with too long a text at the limit of ${title}`);
        const noDevice = user.client().login({ deviceId: "", platform });
        await t.refused(noDevice, "INVALID_FIELD", `Login without a device id at the limit of ${title}`);
        await allLive(t, sessions, `After refused Logins at the limit of ${title}`);
      }
    },
  },
  {
    id: "error-no-effect/rate-count",
    title: "Refused calls are not counted against a rate: after them all its calls are admitted",
    applies: hasRate,
    run: async (t: Bench) => {
      const target = await t.user();
      for (const limit of usableRates(t.profile)) {
        const session = await t.session();
        const { procedure, maxCalls } = limit;
        for (const { reason, call } of badCalls(t, session, procedure, target.id)) {
          for (let made = 0; made < Math.min(maxCalls, 20) + 1; made++) {
            await stayAlive(t, session, made);
            await t.refused(call(), reason, `${procedure} with a fault, call ${made + 1}`);
          }
        }
        const good = ratedCall(t, session, procedure, target.id);
        for (let made = 0; made < maxCalls; made++) {
          await stayAlive(t, session, made);
          await good().catch((error: unknown) => {
            t.ok(false, `${procedure} number ${made + 1} of ${maxCalls} after refused calls is admitted`, error);
          });
        }
      }
    },
  },
  {
    id: "error-no-effect/beyond-the-rate",
    title: "A call that is refused for its rate sets no text, and makes and ends no row",
    applies: hasRate,
    run: async (t: Bench) => {
      const [target, late] = await twoUsers(t);
      for (const limit of usableRates(t.profile)) {
        const { procedure } = limit;
        // A read has no effect to look for, and is what this check looks with.
        if (procedure === "ListSubscriptions") continue;
        const session = await t.session();
        if (procedure === "Unsubscribe") await session.subscribe([late.id]);
        const { call } = await useUp(t, ratedCall(t, session, procedure, target.id), limit);
        await t.refused(call, "RATE_LIMITED", `${procedure} beyond its rate`);
        const before = await stateOfUser(t, session);
        const beyond = await ratedCall(t, session, procedure, late.id)().then(
          () => "admitted" as const,
          () => "refused" as const,
        );
        // While time runs, a place may have become free; then this call has decided nothing.
        if (t.time.tier === "virtual") t.equal(beyond, "refused", `One more ${procedure} while time stands`);
        if (beyond === "refused")
          unchanged(t, before, await stateOfUser(t, session), `after ${procedure} beyond its rate`);
      }
    },
  },
  {
    id: "error-no-effect/lost-session",
    title:
      "Calls that are refused because the session is lost do not bring it back, nor do a Watch and Logins that are refused for a fault",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const platform = firstOf(offlineSamples(t.profile));
      const [user, target] = await twoUsers(t);
      const { session } = await lostSession(t, user, platform);
      const before = await shows(t, user.id, lossStatus(t.profile, platform), "Status of the lost user");
      await t.refused(session.raw.query([target.id]), "SESSION_LOST", "QueryStatuses with a lost session");
      await t.refused(session.raw.subscribe([target.id]), "SESSION_LOST", "Subscribe with a lost session");
      await t.refused(session.raw.set({ text: "x" }), "SESSION_LOST", "SetCustomStatus with a lost session");
      await badSignsOfLife(t, session, "of a lost session");
      t.equal(await look(t, user.id), before, "Status of the lost user after refused calls");
      await session.heartbeat();
      t.equal((await session.list()).length, 0, "Rows of the user who came back after refused calls");
    },
  },
  {
    id: "error-no-effect/lease",
    title:
      "A Watch and Logins that are refused for a fault do not start the lease anew: the session is lost at its time",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const platform = firstOf(ruleSamples(t.profile));
      const session = await (await t.user()).login({ platform });
      const { leaseMs, graceMs } = livenessOf(t.profile, platform);
      const end = loggedInAt(t, session) + leaseMs;
      await t.time.pass(Math.floor(leaseMs / 2));
      await whileBefore(t, end, () => badSignsOfLife(t, session, "at half the lease"));
      await t.time.reach(end + graceMs);
      const what = "Status at the end of lease and grace, after a Watch and Logins that were refused at half the lease";
      await shows(t, session.user.id, lossStatus(t.profile, platform), what);
    },
  },
  {
    id: "error-no-effect/login-of-nobody",
    title: "Logins that are refused for a fault register nobody",
    claims: ["user_registry"],
    tools: ["admin"],
    run: async (t: Bench) => {
      const user = await t.user();
      await t.admin.remove([user.id]);
      for (const { reason, call } of badLogins(t, user, "some-device", firstOf(ruleSamples(t.profile)))) {
        // Where Login registers nobody, that he is not registered is a fault, too.
        await refusedWithOneOf(t, call(), [reason, "USER_NOT_FOUND"], "Login of an unregistered user with a fault");
        const found = reasonIn(await t.admin.query([user.id]), user.id);
        t.equal(found, "USER_NOT_FOUND", `The admin's query after a Login that was refused with ${reason}`);
      }
      await t.admin.register([user.id]);
      t.equal((await user.login()).login.self?.sessions.length, 1, "Sessions of the user after a good Login");
    },
  },
];
