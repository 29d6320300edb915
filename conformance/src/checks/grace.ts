// Checks of SPEC §6.3, link-grace: who comes back within the grace was never away for anybody.
import { OnlineStatus, type Platform, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { plainCalls } from "./lib/a-calls.ts";
import type { Span } from "./lib/a-instants.ts";
import { graceSamples, hasGrace, loginAgain, lostAfterGrace } from "./lib/a-lease.ts";
import { gracesMs, livenessOf, platformName, silenceMs } from "./lib/a-profile.ts";
import { closeLink, loggedInAt, look, shows, watching, whileBefore } from "./lib/a-scenes.ts";

/** The three ways to come back. */
const returns: Record<string, (session: TestSession) => Promise<unknown>> = {
  Heartbeat: (session) => session.heartbeat(),
  Login: loginAgain,
  Watch: (session) => session.watch(),
};

/** A user whose link goes away and comes back, and who is watched by another. */
interface Traveller {
  readonly way: string;
  readonly session: TestSession;
  readonly before: UserStatus;
  readonly observer: TestSession;
  readonly watch: TestWatch;
  /** What came on that Watch up to here is not looked at. */
  readonly mark: number;
}

async function travellers(t: Bench, platform: Platform): Promise<readonly Traveller[]> {
  const all: Traveller[] = [];
  for (const way of Object.keys(returns)) {
    const session = await (await t.user()).login({ platform });
    const { observer, watch } = await watching(t, session.user.id);
    all.push({ way, session, before: await look(t, session.user.id), observer, watch, mark: watch.mark() });
  }
  return all;
}

/** Everybody comes back in his way; then the end of the grace is reached, and nobody has seen anything. */
async function backUnseen(t: Bench, all: readonly Traveller[], back: number, over: number): Promise<void> {
  const observers = all.map(({ observer }) => observer);
  await t.time.justBefore(back, observers, { acts: true });
  for (const { way, session } of all) await returns[way]?.(session);
  await t.time.reach(over, observers);
  for (const { way, session, before, watch, mark } of all) {
    const what = `after a return by ${way} on ${platformName(session.platform)}`;
    const after = await shows(t, session.user.id, OnlineStatus.ONLINE, `Status ${what}`);
    t.equal(after.revision, before.revision, `Revision ${what}`);
    await watch.fence();
    for (const status of watch.statusesOf(session.user.id, mark)) {
      t.equal(status.revision, before.revision, `Revision on the Watch of another, ${what}`);
    }
  }
}

export const graceChecks: readonly Check[] = [
  {
    id: "link-grace/after-a-close",
    title:
      "Who comes back within the grace after a closed link, by Heartbeat, Login or Watch, was never away for anybody",
    applies: hasGrace,
    timeMs: (profile) => gracesMs(profile, graceSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of graceSamples(t.profile)) {
        const { graceMs } = livenessOf(t.profile, platform);
        const all = await travellers(t, platform);
        const spans: Span[] = [];
        for (const { session } of all) spans.push(await closeLink(t, await session.watch()));
        const back = Math.min(...spans.map(({ from }) => from)) + graceMs;
        const over = Math.max(...spans.map(({ to }) => to)) + graceMs;
        await backUnseen(t, all, back, over);
      }
    },
  },
  {
    id: "link-grace/after-silence",
    title:
      "Who comes back within the grace after a lease that ended, by Heartbeat, Login or Watch, was never away for anybody",
    applies: hasGrace,
    timeMs: (profile) => silenceMs(profile, graceSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of graceSamples(t.profile)) {
        const { graceMs, leaseMs } = livenessOf(t.profile, platform);
        const all = await travellers(t, platform);
        const ends = all.map(({ session }) => loggedInAt(t, session) + leaseMs);
        const observers = all.map(({ observer }) => observer);
        await t.time.reach(Math.max(...ends), observers);
        await backUnseen(t, all, Math.min(...ends) + graceMs, Math.max(...ends) + graceMs);
      }
    },
  },
  {
    id: "link-close/after-a-return",
    title:
      "Who came back within the grace, by Heartbeat, Login or Watch, and whose link is closed again has a whole grace once more",
    applies: hasGrace,
    timeMs: (profile) => Math.ceil(1.5 * Object.keys(returns).length * gracesMs(profile, graceSamples(profile))),
    run: async (t: Bench) => {
      for (const platform of graceSamples(t.profile)) {
        const { graceMs } = livenessOf(t.profile, platform);
        for (const [way, comeBack] of Object.entries(returns)) {
          const session = await (await t.user()).login({ platform });
          const { from } = await closeLink(t, await session.watch());
          await t.time.pass(Math.floor(graceMs / 2));
          const watch = await whileBefore(t, from + graceMs, async () => {
            await comeBack(session);
            return session.watch();
          });
          const what = `after a return by ${way} and a second close on ${platformName(platform)}`;
          await lostAfterGrace(t, session, await closeLink(t, watch), what);
        }
      }
    },
  },
  {
    id: "link-grace/calls-work",
    title: "Within the grace every call works, and the session stands in the user's own list",
    applies: hasGrace,
    timeMs: (profile) => gracesMs(profile, graceSamples(profile)),
    run: async (t: Bench) => {
      const target = await t.user();
      for (const platform of graceSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const { from } = await closeLink(t, await session.watch());
        await whileBefore(t, from + livenessOf(t.profile, platform).graceMs, () =>
          everyCallWorks(t, session, target.id),
        );
      }
    },
  },
];

async function everyCallWorks(t: Bench, session: TestSession, targetId: string): Promise<void> {
  const { self } = await session.set("grace");
  const listed = self?.sessions.map(({ sessionId }) => sessionId);
  t.equal(listed, [session.id], "Sessions in the answer of SetCustomStatus");
  const options = { client: session.user.client(), sessionId: session.id, targetId, profile: t.profile };
  for (const { name, call } of plainCalls(options)) {
    // The text is set already, and Sync has no Watch to go by.
    if (name === "SetCustomStatus" || name === "Sync") continue;
    await call().catch((error: unknown) => t.ok(false, `${name} within the grace is answered`, error));
  }
}
