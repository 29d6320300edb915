// Checks of SPEC §16, what is counted: by user and procedure, over his sessions; calls that name only the caller not at all where the rule says so.
import type { Profile, RateLimit } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { admitted, call, procedures, rateOutcome } from "./lib/b-calls.ts";
import { rateOf, windowMs } from "./lib/b-pace.ts";
import { admitsAll, exhaust, limited, ruleFor, usual, windowOf } from "./lib/b-rates.ts";
import { keepLive, twoSessions } from "./lib/b-sessions.ts";
import { all } from "./lib/b-values.ts";
import { roomFor } from "./lib/c-actors.ts";

/** Both log in again, one of them after a logout; answers with that one's new session. Not where time runs: a short window might end meanwhile. */
async function loginAgain(t: Bench, one: TestSession, two: TestSession): Promise<TestSession> {
  if (t.time.tier !== "virtual") return two;
  await one.user.login({ device: one.device, platform: one.platform });
  await two.logout();
  return two.user.login({ platform: two.platform });
}

/** Where time runs, a window may end between the two sessions' calls, but hardly so often. */
const roundsWhereTimeRuns = 3;

function shared(procedure: string): Check {
  return {
    id: `rate-scope/sessions-share-${procedure}`,
    title: `One session of a user uses up the rate of ${procedure}: the other is refused too, though both log in again`,
    claims: ["multi_session"],
    applies: all(limited(procedure), roomFor(2)),
    timeMs: (profile) => roundsWhereTimeRuns * windowOf(procedure)(profile),
    run: async (t: Bench) => {
      const rule = ruleFor(t, procedure);
      const [one, two] = await twoSessions(t);
      await one.watch();
      await two.watch();
      const other = await t.user();
      const rounds = t.time.tier === "virtual" ? 1 : roundsWhereTimeRuns;
      let refused = 0;
      for (let round = 0; round < rounds && refused === 0; round++) {
        if (round > 0) await t.time.pass(windowMs(rule) + 1, "all");
        await keepLive(t, [one, two]);
        if ((await exhaust(t, rule, () => call(t, procedure, one, other.id))) === undefined) return;
        const second = await loginAgain(t, one, two);
        const what = `${procedure} by the other session`;
        for (let calls = 0; calls < rule.maxCalls && refused === 0; calls++) {
          if ((await rateOutcome(t, call(t, procedure, second, other.id), what)) !== undefined) refused++;
          else
            t.ok(t.time.tier !== "virtual", `${procedure}: the first call of the other session is refused`, "admitted");
        }
      }
      t.ok(
        refused > 0,
        `${procedure}: a call of the other session is refused after the first used up the rate`,
        refused,
      );
    },
  };
}

function byUser(procedure: string): Check {
  return {
    id: `rate-scope/other-user-${procedure}`,
    title: `One user uses up the rate of ${procedure}: another still has all of it`,
    applies: limited(procedure),
    run: async (t: Bench) => {
      const rule = ruleFor(t, procedure);
      const [one, two, other] = [await t.session(), await t.session(), await t.user()];
      await exhaust(t, rule, () => call(t, procedure, one, other.id));
      await admitsAll(t, rule, () => call(t, procedure, two, other.id));
    },
  };
}

/** Of the usual rules the one that is used up with the fewest calls. */
function quickest(profile: Profile): RateLimit | undefined {
  return usual
    .flatMap((procedure) => rateOf(profile, procedure) ?? [])
    .toSorted((one, two) => one.maxCalls - two.maxCalls)[0];
}

const byApp: Check = {
  id: "rate-scope/other-app",
  title: "A user uses up a rate: the user of the same id in another app still has all of it",
  claims: ["multi_app"],
  tools: ["second-app"],
  applies: (profile) => quickest(profile) !== undefined || "the profile limits none of the usual procedures",
  run: async (t: Bench) => {
    const { procedure } = quickest(t.profile) ?? { procedure: "" };
    const rule = ruleFor(t, procedure);
    const [user, other] = [await t.user(), await t.user()];
    const here = await user.login();
    const there = await (await t.inOtherApp(user)).login();
    await exhaust(t, rule, () => call(t, procedure, here, other.id));
    await admitsAll(t, rule, () => call(t, procedure, there, other.id));
  },
};

function byProcedure(procedure: string): Check {
  return {
    id: `rate-scope/other-procedures-${procedure}`,
    title: `A user uses up the rate of ${procedure}: every other procedure still admits his calls, as many as it has`,
    applies: limited(procedure),
    run: async (t: Bench) => {
      const { session } = await t.watcher();
      const other = await t.user();
      await exhaust(t, ruleFor(t, procedure), () => call(t, procedure, session, other.id));
      for (const another of procedures) {
        if (another === procedure) continue;
        const rule = rateOf(t.profile, another);
        if (rule === undefined)
          await admitted(
            t,
            call(t, another, session, other.id),
            `${another} after the rate of ${procedure} was used up`,
          );
        else await admitsAll(t, rule, () => call(t, another, session, other.id));
      }
    },
  };
}

function exempt(profile: Profile): true | string {
  return rateOf(profile, "QueryStatuses")?.selfExempt === true || "the rule of QueryStatuses has no self_exempt";
}

function askSelf(session: TestSession, nth: number, listMax: number): Promise<unknown> {
  const me = session.user.id;
  return session.raw.query(nth % 2 === 1 && listMax >= 2 ? [me, me] : [me]);
}

const selfUnlimited: Check = {
  id: "rate-self/not-limited",
  title:
    "The rate of QueryStatuses is used up by asking for others: asking for oneself is admitted all the same, twice max_calls times",
  applies: exempt,
  run: async (t: Bench) => {
    const rule = ruleFor(t, "QueryStatuses");
    const session = await t.session();
    const other = await t.user();
    await exhaust(t, rule, () => call(t, "QueryStatuses", session, other.id));
    for (let calls = 0; calls < 2 * rule.maxCalls; calls++) {
      await admitted(
        t,
        askSelf(session, calls, t.profile.query?.batchMax ?? 1),
        `QueryStatuses of oneself, call ${calls + 1}`,
      );
    }
  },
};

const selfUncounted: Check = {
  id: "rate-self/not-counted",
  title: "Asks for oneself max_calls times and more, then for another: max_calls are admitted, and no more",
  applies: exempt,
  run: async (t: Bench) => {
    const rule = ruleFor(t, "QueryStatuses");
    const session = await t.session();
    const other = await t.user();
    for (let calls = 0; calls < rule.maxCalls + 5; calls++) {
      await admitted(
        t,
        askSelf(session, calls, t.profile.query?.batchMax ?? 1),
        `QueryStatuses of oneself, call ${calls + 1}`,
      );
    }
    await exhaust(t, rule, () => call(t, "QueryStatuses", session, other.id));
  },
};

const mixedCounted: Check = {
  id: "rate-limit/QueryStatuses-of-oneself-and-another",
  title:
    "Asks for oneself and another: such calls are limited, for the exemption is of calls that name only the caller",
  applies: all(exempt, (profile) => (profile.query?.batchMax ?? 1) >= 2 || "a query takes one id only"),
  run: async (t: Bench) => {
    const session = await t.session();
    const other = await t.user();
    await exhaust(t, ruleFor(t, "QueryStatuses"), () => session.raw.query([session.user.id, other.id]));
  },
};

export const ratesScopeChecks: readonly Check[] = [
  ...usual.flatMap((procedure) => [shared(procedure), byUser(procedure), byProcedure(procedure)]),
  byApp,
  selfUnlimited,
  selfUncounted,
  mixedCounted,
];
