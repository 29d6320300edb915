// Checks of SPEC §7, online status: how it follows from the sessions, the platforms it shows, and what changes nothing.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import {
  firstOf,
  fits,
  gracesMs,
  hasOffline,
  hasOfflinePair,
  hasPair,
  knownPlatforms,
  type LimitCase,
  limitSamples,
  offlinePair,
  offlineSamples,
  onlineName,
  type Pair,
  pairOf,
} from "./lib/a-profile.ts";
import { loginAll, look, lose, shows, stateOf, textOf, twoSessions, views, watching } from "./lib/a-scenes.ts";

const { ONLINE, OFFLINE, LOGGED_OUT } = OnlineStatus;

/** Calls that change nothing of what others see. */
const quietCalls: Record<string, (session: TestSession) => Promise<unknown>> = {
  Heartbeat: (session) => session.heartbeat(),
  "a repeated Login": (session) => session.user.login({ device: session.device, platform: session.platform }),
  "the opening of a Watch": (session) => session.watch(),
  "a second Watch, which replaces the first": (session) => session.watch(),
  "a read": (session) => session.list(),
  "a Subscribe to another": async (session) => session.subscribe(["quiet-target"]),
};

export const onlineChecks: readonly Check[] = [
  {
    id: "online-any/one-session",
    title: "With one session: ONLINE while it lives, OFFLINE while it is lost, LOGGED_OUT when it was logged out",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const user = await t.user();
      const session = await user.login({ platform: firstOf(offlineSamples(t.profile)) });
      await shows(t, user.id, ONLINE, "Status with a live session");
      await lose(t, session);
      await shows(t, user.id, OFFLINE, "Status with a lost session");
      await session.heartbeat();
      await shows(t, user.id, ONLINE, "Status with a revived session");
      await session.logout();
      await shows(t, user.id, LOGGED_OUT, "Status when the session was logged out");
    },
  },
  {
    id: "online-any/several-sessions",
    title: "With two sessions: ONLINE if any lives, else OFFLINE if any is lost, else LOGGED_OUT",
    claims: ["multi_session"],
    applies: hasOfflinePair,
    timeMs: (profile) => 2 * gracesMs(profile, offlinePair(profile) ?? []),
    run: async (t: Bench) => {
      const [one, two] = await twoSessions(t, offlinePair(t.profile));
      const { user } = one;
      await shows(t, user.id, ONLINE, "Status with two live sessions");
      await lose(t, one, [two]);
      await shows(t, user.id, ONLINE, "Status with one live and one lost session");
      await two.logout();
      await shows(t, user.id, OFFLINE, "Status with one lost session and one logged out");
      const three = await user.login({ platform: two.platform });
      await shows(t, user.id, ONLINE, "Status with one lost session and a new one");
      await three.logout();
      await shows(t, user.id, OFFLINE, "Status with one lost session and two logged out");
      await one.heartbeat();
      await shows(t, user.id, ONLINE, "Status with the lost session revived");
      await one.logout();
      await shows(t, user.id, LOGGED_OUT, "Status when every session was logged out");
    },
  },
  {
    id: "online-any/older-lives",
    title: "ONLINE while an older session lives and the newest is lost",
    claims: ["multi_session"],
    applies: hasOfflinePair,
    timeMs: (profile) => gracesMs(profile, offlinePair(profile) ?? []),
    run: async (t: Bench) => {
      const [older, newest] = await twoSessions(t, offlinePair(t.profile));
      await lose(t, newest, [older]);
      await shows(t, older.user.id, ONLINE, "Status with an older session that lives and the newest lost");
      await older.logout();
      await shows(t, older.user.id, OFFLINE, "Status with the newest session lost and the older one logged out");
    },
  },
  {
    id: "online-any/watched",
    title: "A watcher sees no change while one of several sessions comes and goes and another lives",
    claims: ["multi_session"],
    applies: hasPair,
    run: async (t: Bench) => {
      const [host, guest] = await twoSessions(t, pairOf(t.profile));
      const { user } = host;
      const { watch } = await watching(t, user.id);
      await watch.fence();
      const mark = watch.mark();
      for (let round = 0; round < 2; round++) {
        const again = await user.login({ device: guest.device, platform: guest.platform });
        await again.logout();
      }
      await watch.fence();
      for (const { onlineStatus } of watch.statusesOf(user.id, mark)) {
        t.equal(onlineName(onlineStatus), "ONLINE", "Status on the Watch of another");
      }
      t.equal(onlineName(watch.held(user.id)?.onlineStatus ?? 0), "ONLINE", "Status that the watcher holds at the end");
    },
  },
  {
    id: "online-never/registered-only",
    title: "A registered user who never logged in has the profile's status for such users, in every answer",
    tools: ["fresh-users"],
    run: async (t: Bench) => {
      const user = await t.user({ fresh: true });
      const expected = onlineName(t.profile.status?.neverLoggedIn ?? 0);
      for (const [where, status] of Object.entries(await views(t, user.id))) {
        t.equal(onlineName(status?.onlineStatus ?? 0), expected, `Status of a user who never logged in, by ${where}`);
        t.equal(textOf(status), "", `Text of a user who never logged in, by ${where}`);
      }
    },
  },
  {
    id: "online-quiet/calls",
    title: "Heartbeat, a repeated Login, Watches and reads make no new revision of what others see",
    run: async (t: Bench) => {
      const session = await t.session({ text: "quiet" });
      const { id } = session.user;
      const { watch } = await watching(t, id);
      await watch.fence();
      const before = await look(t, id);
      const mark = watch.mark();
      for (const [what, call] of Object.entries(quietCalls)) {
        await call(session);
        const after = await shows(t, id, ONLINE, `Status after ${what}`);
        t.equal(after.revision, before.revision, `Revision after ${what}`);
      }
      await watch.fence();
      for (const status of watch.statusesOf(id, mark))
        t.equal(status.revision, before.revision, "Revision on the Watch of another");
      t.equal(textOf(watch.held(id)), "quiet", "Text that the watcher holds");
    },
  },
  {
    id: "online-quiet/kick",
    title: "A login that kicks one on the same platform changes nothing that others see, and makes no new revision",
    applies: (profile) => unseenKicks(profile).length > 0 || "no session rule is filled by sessions on one platform",
    run: async (t: Bench) => {
      for (const limit of unseenKicks(t.profile)) {
        const user = await t.user();
        const sessions = await loginAll(user, limit.filling);
        const before = await look(t, user.id);
        await user.login({ platform: limit.extra });
        t.equal(
          await stateOf(t, firstOf(sessions)),
          "SESSION_ENDED",
          `A call of the session kicked beyond ${limit.title}`,
        );
        const after = await shows(t, user.id, ONLINE, `Status after a kick beyond ${limit.title}`);
        t.equal(after.revision, before.revision, `Revision after a kick beyond ${limit.title}`);
      }
    },
  },
  {
    id: "online-quiet/second-session",
    title: "A second session of which others see nothing makes no new revision, neither when it comes nor when it goes",
    claims: ["multi_session"],
    applies: (profile) =>
      secondUnseen(profile) !== undefined || "a second session shows another platform, or is not allowed",
    run: async (t: Bench) => {
      const user = await t.user();
      const [first, second] = secondUnseen(t.profile) ?? [];
      await user.login({ platform: first ?? firstOf(knownPlatforms) });
      const { watch } = await watching(t, user.id);
      await watch.fence();
      const before = await look(t, user.id);
      const mark = watch.mark();
      const guest = await user.login({ platform: second ?? firstOf(knownPlatforms) });
      t.equal((await look(t, user.id)).revision, before.revision, "Revision after a second login");
      await guest.logout();
      t.equal(
        (await shows(t, user.id, ONLINE, "Status after its logout")).revision,
        before.revision,
        "Revision after its logout",
      );
      await watch.fence();
      for (const status of watch.statusesOf(user.id, mark))
        t.equal(status.revision, before.revision, "Revision on the Watch of another");
    },
  },
];

/** Rules beyond which a login takes the place of one on the same platform. */
function unseenKicks(profile: Profile): readonly LimitCase[] {
  return limitSamples(profile).filter(({ filling, extra }) => filling[0] === extra);
}

/** Platforms of two sessions of which others see but one: the same, where platforms are shown. */
function secondUnseen(profile: Profile): Pair | undefined {
  if (!profile.status?.targetPlatforms) return pairOf(profile);
  return knownPlatforms.map((platform): Pair => [platform, platform]).find((two) => fits(profile, two));
}
