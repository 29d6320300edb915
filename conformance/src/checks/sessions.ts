// Checks of SPEC §6.2: session rules at their limits and beyond, what a kick tells and does not tell, lost sessions beside the rules.
import { OnlineStatus, type Profile, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestUser } from "../check.ts";
import { allRefused, sessionCalls } from "./lib/a-calls.ts";
import {
  firstOf,
  hasLimit,
  type LimitCase,
  limitCases,
  limitSamples,
  livenessOf,
  onlineName,
} from "./lib/a-profile.ts";
import {
  allLive,
  closeLink,
  kicked,
  loginAll,
  look,
  lose,
  shows,
  stateOf,
  toldSessions,
  watching,
  whileBefore,
} from "./lib/a-scenes.ts";

interface Full {
  readonly user: TestUser;
  /** Fills the rule, earliest login first. */
  readonly sessions: readonly TestSession[];
  /** A session that the rule does not count with them, logged in before all. */
  readonly bystander: TestSession | undefined;
}

async function fill(t: Bench, { filling, bystander }: LimitCase): Promise<Full> {
  const user = await t.user();
  const beside = bystander === undefined ? undefined : await user.login({ platform: bystander });
  return { user, sessions: await loginAll(user, filling), bystander: beside };
}

/** Rules at whose limit a session may be away: those whose last filling platform has a grace. */
function awaySamples(profile: Profile): readonly LimitCase[] {
  return limitSamples(profile).filter((limit) => awayMs(profile, limit) > 0);
}

/** How long the last of those that fill the rule is away at most. */
function awayMs(profile: Profile, { filling }: LimitCase): number {
  return livenessOf(profile, filling.at(-1) ?? firstOf(filling)).graceMs;
}

/** Long enough for a time to be another one. */
const laterMs = 100;

function graceAfterKick(profile: Profile): number {
  return (
    laterMs * limitSamples(profile).length +
    Math.max(0, ...limitSamples(profile).map(({ filling }) => livenessOf(profile, firstOf(filling)).graceMs))
  );
}

export const sessionChecks: readonly Check[] = [
  {
    id: "session-limit/side-by-side",
    title:
      "As many sessions as a rule allows live side by side, for each rule and each platform that is counted by itself",
    applies: hasLimit,
    run: async (t: Bench) => {
      for (const limit of limitCases(t.profile)) {
        const { sessions, bystander } = await fill(t, limit);
        const all = [...(bystander ? [bystander] : []), ...sessions];
        await allLive(t, all, `At the limit of ${limit.title}`);
        toldSessions(t, sessions.at(-1) ?? firstOf(sessions), all, `the last Login at the limit of ${limit.title}`);
      }
    },
  },
  {
    id: "session-limit/one-beyond",
    title: "One login beyond a rule kicks the earliest that the rule counts, and no other",
    applies: hasLimit,
    run: async (t: Bench) => {
      for (const limit of limitCases(t.profile)) {
        const { user, sessions, bystander } = await fill(t, limit);
        const newest = await user.login({ platform: limit.extra });
        await kicked(t, firstOf(sessions), `the earliest login, beyond ${limit.title}`);
        const stay = [...(bystander ? [bystander] : []), ...sessions.slice(1), newest];
        await allLive(t, stay, `One login beyond ${limit.title}`);
        toldSessions(t, newest, stay, `the Login beyond ${limit.title}`);
      }
    },
  },
  {
    id: "session-limit/two-beyond",
    title: "Two logins beyond a rule kick the two earliest, in the order of their logins",
    applies: hasLimit,
    run: async (t: Bench) => {
      for (const limit of limitCases(t.profile)) {
        const { user, sessions, bystander } = await fill(t, limit);
        const order = [...sessions, await user.login({ platform: limit.extra })];
        t.equal(
          await stateOf(t, order[1] ?? firstOf(order)),
          "success",
          `A call of the second login, one beyond ${limit.title}`,
        );
        order.push(await user.login({ platform: limit.extra }));
        for (const [index, session] of order.slice(0, 2).entries()) {
          await kicked(t, session, `login ${index + 1}, two beyond ${limit.title}`);
        }
        await allLive(t, [...(bystander ? [bystander] : []), ...order.slice(2)], `Two logins beyond ${limit.title}`);
      }
    },
  },
  {
    id: "session-limit/after-a-logout",
    title: "A logout makes room: the next login kicks nobody",
    applies: hasLimit,
    run: async (t: Bench) => {
      for (const limit of limitSamples(t.profile)) {
        const { user, sessions, bystander } = await fill(t, limit);
        const leaving = sessions.at(-1) ?? firstOf(sessions);
        await leaving.logout();
        const newest = await user.login({ platform: leaving.platform });
        const stay = [...(bystander ? [bystander] : []), ...sessions.slice(0, -1), newest];
        await allLive(t, stay, `After a logout and a login at the limit of ${limit.title}`);
        toldSessions(t, newest, stay, `Login after a logout at the limit of ${limit.title}`);
      }
    },
  },
  {
    id: "session-limit/away-counts",
    title: "A session that is away, within its grace, takes its place: one login beyond a rule kicks the earliest",
    applies: (profile) =>
      awaySamples(profile).length > 0 || "no session rule can be filled with sessions that have a grace",
    timeMs: (profile) => awaySamples(profile).reduce((sum, limit) => sum + awayMs(profile, limit), 0),
    run: async (t: Bench) => {
      for (const limit of awaySamples(t.profile)) {
        const { user, sessions } = await fill(t, limit);
        const away = sessions.at(-1) ?? firstOf(sessions);
        const { from } = await closeLink(t, await away.watch());
        await whileBefore(t, from + awayMs(t.profile, limit), async () => {
          const newest = await user.login({ platform: limit.extra });
          await kicked(t, firstOf(sessions), `the earliest login while one is away, beyond ${limit.title}`);
          await allLive(t, [...sessions.slice(1), newest], `One login while one is away, beyond ${limit.title}`);
        });
      }
    },
  },
  {
    id: "session-limit/other-users",
    title: "Sessions of other users do not count",
    applies: hasLimit,
    run: async (t: Bench) => {
      const limit = firstOf(limitSamples(t.profile));
      for (const { sessions, bystander } of [await fill(t, limit), await fill(t, limit)]) {
        const all = [...(bystander ? [bystander] : []), ...sessions];
        await allLive(t, all, `One of two users at the limit of ${limit.title}`);
        toldSessions(t, sessions.at(-1) ?? firstOf(sessions), all, `the last Login at the limit of ${limit.title}`);
      }
    },
  },
  {
    id: "session-kick-told/watch-and-calls",
    title: "The Watch of a kicked session ends with KICKED and without may_resume, and every later call is refused so",
    applies: hasLimit,
    run: async (t: Bench) => {
      const target = await t.user();
      for (const limit of limitSamples(t.profile)) {
        const { user, sessions } = await fill(t, limit);
        const first = firstOf(sessions);
        const watch = await first.watch();
        await user.login({ platform: limit.extra });
        const { end } = await watch.end("The Watch of the kicked session");
        t.equal(end?.reason, WatchEndReason.KICKED, `Reason of watch_end beyond ${limit.title}`);
        t.equal(end?.mayResume, false, `may_resume of watch_end beyond ${limit.title}`);
        const options = { client: user.client(), sessionId: first.id, targetId: target.id, profile: t.profile };
        const what = `of a session that was kicked, beyond ${limit.title}`;
        await allRefused(t, sessionCalls(options), "SESSION_ENDED", what, ({ endReason }, name) => {
          t.equal(endReason, "KICKED", `end_reason of ${name} ${what}`);
        });
      }
    },
  },
  {
    id: "session-kick-silent/others",
    title: "Others see ONLINE and nothing else through kicks, and when the kicked session's grace is over",
    applies: hasLimit,
    timeMs: graceAfterKick,
    run: async (t: Bench) => {
      for (const limit of limitSamples(t.profile)) {
        // Nobody beside them: a live session that no rule counts would hide what happens between kick and login.
        const user = await t.user();
        const sessions = await loginAll(user, limit.filling);
        const kickedWatch = await firstOf(sessions).watch();
        const before = await look(t, user.id);
        const { observer, watch } = await watching(t, user.id);
        await watch.fence();
        t.equal(
          onlineName(watch.held(user.id)?.onlineStatus ?? 0),
          "ONLINE",
          `Status before the kick beyond ${limit.title}`,
        );
        const mark = watch.mark();
        await t.time.pass(laterMs);
        const newest = await user.login({ platform: limit.extra });
        const newer = await user.login({ platform: limit.extra });
        await kickedWatch.end("The Watch of the kicked session");
        const { graceMs } = livenessOf(t.profile, firstOf(sessions).platform);
        const live = [...sessions.slice(2), ...(sessions.length > 1 ? [newest] : []), newer];
        if (graceMs > 0) await t.time.pass(graceMs, [observer, ...live]);
        await watch.fence();
        for (const { onlineStatus } of watch.statusesOf(user.id, mark)) {
          t.equal(onlineName(onlineStatus), "ONLINE", `Status on the Watch of another, beyond ${limit.title}`);
        }
        const after = await shows(t, user.id, OnlineStatus.ONLINE, `Status after kicks beyond ${limit.title}`);
        // On one platform others see the same before and after: an ONLINE of a new revision would tell of something between.
        if (limit.filling.every((platform) => platform === limit.extra)) {
          t.equal(after.revision, before.revision, `Revision after kicks beyond ${limit.title}`);
        }
        const since = before.onlineStatusUpdateTime;
        t.equal(after.onlineStatusUpdateTime, since, `online_status_update_time after kicks beyond ${limit.title}`);
      }
    },
  },
  {
    id: "session-kick-silent/one-change",
    title: "The user's own Watch shows the new session and the kicked one's end in one change, never both or neither",
    applies: (profile) =>
      limitSamples(profile).some(({ filling }) => filling.length > 1) || "no session rule allows more than one session",
    run: async (t: Bench) => {
      for (const limit of limitSamples(t.profile)) {
        const { user, sessions } = await fill(t, limit);
        const [first, last] = [firstOf(sessions), sessions.at(-1)];
        if (sessions.length < 2 || !last) continue;
        const watch = await last.watch();
        await watch.fence();
        const mark = watch.mark();
        const newest = await user.login({ platform: limit.extra });
        await watch.fence();
        const lists = watch.after(mark).flatMap(({ event }) => (event.case === "self" ? [event.value.sessions] : []));
        t.ok(lists.length > 0, `The own Watch tells the login beyond ${limit.title}`);
        for (const list of lists) {
          const has = (session: TestSession): boolean => list.some(({ sessionId }) => sessionId === session.id);
          t.ok(
            has(newest) !== has(first),
            `A self event beyond ${limit.title} has the newer or the kicked session, not both`,
            list,
          );
        }
      }
    },
  },
  {
    id: "session-lost-uncounted/room-for-another",
    title:
      "A lost session takes no place: a login in its stead kicks nobody, and the next one kicks the earliest live one",
    applies: hasLimit,
    timeMs: (profile) =>
      limitSamples(profile).reduce((sum, { filling }) => sum + livenessOf(profile, firstOf(filling)).graceMs, 0),
    run: async (t: Bench) => {
      for (const limit of limitSamples(t.profile)) {
        const { user, sessions } = await fill(t, limit);
        const [lost, ...rest] = sessions;
        const gone = lost ?? firstOf(sessions);
        await lose(t, gone, rest);
        const state = livenessOf(t.profile, gone.platform).offline ? "SESSION_LOST" : "SESSION_ENDED";
        t.equal(await stateOf(t, gone), state, "A call of the lost session");
        const order = [...rest, await user.login({ platform: gone.platform })];
        await allLive(t, order, `After one was lost and another logged in, at ${limit.title}`);
        t.equal(await stateOf(t, gone), state, "A call of the lost session after the login");
        order.push(await user.login({ platform: limit.extra }));
        await kicked(t, firstOf(order), `the earliest live login, beyond ${limit.title}`);
        await allLive(t, order.slice(1), `After one more, beyond ${limit.title}`);
        t.equal(await stateOf(t, gone), state, "A call of the lost session after the kick");
      }
    },
  },
];
