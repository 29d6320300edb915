// SPEC §11.3, claim `resume`: what a Watch tells that goes on from a cursor.
import { OnlineStatus, type Platform, ResumeResult } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { fits, hasPair, knownPlatforms, pairOf } from "./lib/a-profile.ts";
import { flip, lossMs, sessionOf, setEnding, type Target, targets, textsEnd, textTtl } from "./lib/c-actors.ts";
import { comeBack, goAway, online, sameDevice, sceneCheck, survivesClose } from "./lib/c-away.ts";
import { content, eventsOf, foldToFence, type Held, holdsAll, plain, resumeResultOf } from "./lib/c-state.ts";

/** Ttl of a text that must outlast going away and end before coming back. */
const textMs = 5_000;
/** A server keeps what a cursor needs for so long. */
const keptMs = 60_000;

/** Sets a text by Login, which no rate limits. */
async function say(target: Target, text: string): Promise<number> {
  const { device, platform } = sessionOf(target);
  return (await target.user.login({ device, platform, text })).platform;
}

function ownSessions(held: Held): string[] | undefined {
  return held.self?.sessions.map(({ sessionId }) => sessionId);
}

/** A platform on which the user of the target may have a session beside the one he has. */
function platformBeside(t: Bench, target: Target): Platform {
  const { platform } = sessionOf(target);
  const beside = knownPlatforms.find((one) => one !== platform && fits(t.profile, [platform, one]));
  return beside ?? t.notApplicable("no two platforms may live side by side");
}

const covers: Check[] = [
  sceneCheck(
    "resume-covers/text-set",
    "a text that was set while the client was away is told, and so is one that was set again",
    {
      before: (_t, [, two]) => say(two, "as ever"),
      away: async (_t, [one, two]) => {
        await sessionOf(one).set("news");
        await say(two, "as ever");
      },
      back: (t, [one], held) => t.equal(held.statuses.get(one.id)?.customStatus?.text, "news", "text held"),
    },
  ),
  sceneCheck("resume-covers/logged-out", "a target that logged out, and one that logged in, are told", {
    before: async (_t, [, two]) => flip(two),
    away: async (_t, [one, two]) => {
      await flip(one);
      await flip(two);
    },
    back: (t, [one, two, three], held) => {
      const expected = [OnlineStatus.LOGGED_OUT, OnlineStatus.ONLINE, OnlineStatus.ONLINE];
      t.equal([online(held, one), online(held, two), online(held, three)], expected, "online statuses held");
    },
  }),
  sceneCheck(
    "resume-covers/gone-silent",
    "a target that fell silent and was lost is told",
    {
      away: async (t, [one, two, three, four]) => {
        const { leaseMs, graceMs } = t.liveness(sessionOf(one).platform);
        await t.time.pass(leaseMs + graceMs, [two, three, four].map(sessionOf));
      },
      back: (t, [one, two], held) => {
        const lost = t.liveness(sessionOf(one).platform).offline ? OnlineStatus.OFFLINE : OnlineStatus.LOGGED_OUT;
        t.equal([online(held, one), online(held, two)], [lost, OnlineStatus.ONLINE], "online statuses held");
      },
    },
    { timeMs: lossMs },
  ),
  sceneCheck(
    "resume-covers/text-ran-out",
    "a target whose text ran out is told",
    {
      before: (t, [one]) => setEnding(t, sessionOf(one), "a while", textMs),
      away: async (t, [one], client, endMs) => {
        t.equal(client.held.statuses.get(one.id)?.customStatus?.text, "a while", "text held before it ends");
        await t.time.reach(endMs, [sessionOf(one)]);
      },
      back: (t, [one], held) => t.equal(held.statuses.get(one.id)?.customStatus?.text ?? "", "", "text held"),
    },
    { applies: textsEnd, timeMs: (profile) => textTtl(profile, textMs)?.ttlMs ?? 0 },
  ),
  sceneCheck("resume-covers/changed-often", "a target that changed several times is told at its newest revision", {
    away: async (_t, [one]) => {
      for (let flips = 0; flips < 8; flips += 1) await flip(one, `${flips}`);
    },
    back: (t, [one], held) => {
      const status = held.statuses.get(one.id);
      t.equal([status?.onlineStatus, status?.customStatus?.text], [OnlineStatus.ONLINE, "7"], "status held");
    },
  }),
  sceneCheck("resume-covers/self", "one's own text that was set meanwhile is told", {
    away: async (_t, _crowd, client) => {
      await client.session.set("mine");
    },
    back: (t, _crowd, held) => t.equal(held.self?.status?.customStatus?.text, "mine", "own text held"),
  }),
  sceneCheck(
    "resume-covers/platforms",
    "a platform that a target came to, one that he moved to, and one that he left are told, though he was online all the time",
    {
      before: async (t, [, , three]) => {
        const { platform } = await three.user.login({ platform: platformBeside(t, three) });
        return platform;
      },
      away: async (t, [one, two, three]) => {
        const other = platformBeside(t, one);
        await one.user.login({ platform: other });
        await two.user.login({ platform: other, device: sessionOf(two).device });
        await sessionOf(three).logout();
      },
      back: (t: Bench, [one, two, three], held, { before }) => {
        const platforms = (of: Held, target: Target) => of.statuses.get(target.id)?.onlinePlatforms;
        const [other] = platforms(held, two) ?? [];
        t.ok(
          other !== platforms(before, two)?.[0],
          "the platform held of a target that moved must be another one",
          other,
        );
        t.equal(
          platforms(held, one),
          platforms(before, three),
          "platforms held of a target that came to another one, too",
        );
        t.equal(platforms(held, three), [other], "platforms held of a target that left one of two");
      },
    },
    {
      claims: ["multi_session"],
      applies: (profile) => profile.status?.targetPlatforms === true || "platforms of others are not shown",
    },
  ),
  {
    id: "resume-covers/own-sessions",
    title: "a session of one's own that came while nothing else changed, and one that went, are told",
    claims: ["multi_session"],
    applies: hasPair,
    async run(t: Bench) {
      const [first, second] = pairOf(t.profile) ?? t.notApplicable("the session rules allow one session");
      const session = await t.session({ platform: first });
      const watch = await session.watch();
      const alone = await foldToFence(watch);
      const other = await session.user.login({ platform: second });
      const again = await session.watch({ cursor: watch.cursor });
      const both = await foldToFence(again, alone);
      t.equal(ownSessions(both), [session.id, other.id], "sessions of self held after another login");
      await other.logout();
      const last = await foldToFence(await session.watch({ cursor: again.cursor }), both);
      t.equal(ownSessions(last), [session.id], "sessions of self held after its logout");
    },
  },
  {
    id: "resume-covers/like-a-snapshot",
    title: "after a mix of changes, the cursor leads to the same as a full snapshot",
    async run(t: Bench) {
      const crowd = await targets(t, 8);
      const client = await goAway(
        t,
        crowd.slice(0, 5).map((target) => target.id),
      );
      for (let step = 0; step < 24; step += 1) await flip(t.random.pick(crowd), `${step}`);
      const [one, two] = crowd;
      if (one === undefined || two === undefined) throw new Error("the check takes eight targets");
      await client.session.subscribe(crowd.slice(5).map((target) => target.id));
      await client.session.unsubscribe([one.id, two.id]);
      await client.session.subscribe([two.id]);
      const { held, session } = await comeBack(t, client, "after coming back with the cursor");
      const fresh = await foldToFence(await session.watch());
      t.equal(
        [...held.rows.keys()].sort(),
        [...fresh.rows.keys()].sort(),
        "targets of the rows held, against a full snapshot",
      );
      for (const [id, status] of fresh.statuses)
        t.equal(plain(held.statuses.get(id)), plain(status), `status held of ${id}`);
      t.equal(
        held.self?.status && content(held.self.status),
        fresh.self?.status && content(fresh.self.status),
        "own status held",
      );
    },
  },
];

const used: Check[] = [
  {
    id: "resume-used/just-closed",
    title: "a Watch with the cursor of the one just closed is RESUMED, with nothing changed and with something changed",
    applies: survivesClose,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      let held = await foldToFence(watch);
      let last = watch;
      for (let round = 0; round < 4; round += 1) {
        const { cursor } = last;
        await last.close();
        if (round % 2 === 1) await flip(target);
        last = await session.watch({ cursor });
        t.equal(resumeResultOf(last), ResumeResult.RESUMED, `resume_result in round ${round}`);
        t.equal(eventsOf(last, "snapshotEnd").length, 1, `number of snapshot_end events in round ${round}`);
        held = await foldToFence(last, held);
        await holdsAll(t, held, session, `round ${round}`);
      }
    },
  },
  {
    id: "resume-used/after-relogin",
    title:
      "after logout and login on another device a Watch with the last cursor is RESUMED, and tells what changed meanwhile",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      const held = await foldToFence(watch);
      await session.logout();
      await watch.end("the Watch of a session that logged out");
      await flip(target);
      const back = await session.user.login();
      const again = await back.watch({ cursor: watch.cursor });
      t.equal(resumeResultOf(again), ResumeResult.RESUMED, "resume_result of a Watch after logout and login");
      await holdsAll(t, await foldToFence(again, held), back, "after logout and login");
    },
  },
  {
    id: "resume-used/within-a-minute",
    title: "just before 60 s have passed since its end a Watch can be resumed from its last cursor",
    timeMs: () => keptMs,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      const held = await foldToFence(watch);
      const earliest = await t.time.now();
      await session.logout();
      await watch.end("the Watch of a session that logged out");
      await flip(target);
      await t.time.justBefore(earliest + keptMs, undefined, { acts: true });
      await flip(target);
      const back = await sameDevice(session);
      const again = await back.watch({ cursor: watch.cursor });
      t.equal(
        resumeResultOf(again),
        ResumeResult.RESUMED,
        "resume_result of a Watch, just before 60 s after the end of the last one",
      );
      await holdsAll(t, await foldToFence(again, held), back, "just before 60 s after the end of the last Watch");
    },
  },
];

/** Checks of what a resumed Watch tells of statuses, and of when it is resumed. */
export const resumeChecks: readonly Check[] = [...covers, ...used];
