// Checks of SPEC §3, tokens that run out while a session lives. Their expiry is wall time on every clock, so these really wait.

import { OnlineStatus, Platform, type Profile, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { livenessOf, lossStatus, pairOf, platformName, ruleSamples, silenceMs } from "./lib/a-profile.ts";
import { loggedInAt, msOf, shows, wallWait } from "./lib/a-scenes.ts";

/** Tokens that tell their expiry in whole seconds last up to one more. */
const shortMs = 1200;
/** From so long after its expiry on a token is surely over. */
const graceOfOverMs = 1500;
const overMs = shortMs + graceOfOverMs;

/** Does what must be done while a short token holds; with a longer one each time that this machine was too slow for it. */
async function inTime<T>(t: Bench, work: (lifeMs: number) => Promise<T>): Promise<T & { readonly lifeMs: number }> {
  for (const lifeMs of [shortMs, 4 * shortMs, 16 * shortMs]) {
    const endMs = Date.now() + lifeMs;
    try {
      const made = await work(lifeMs);
      if (Date.now() < endMs) return { ...made, lifeMs };
    } catch (error) {
      if (Date.now() < endMs) throw error;
    }
    t.note("too slow for so short a token: once more with a longer one");
  }
  return t.notTestable("this machine was too slow: a token ran out before it was used");
}

/** A session, its Watch, and a way to give a sign of life. */
interface Life {
  readonly session: TestSession;
  readonly watch: TestWatch;
  readonly beat: () => Promise<unknown>;
}

/** Lets wall time pass, up to the end of the Watch, with signs of life where time runs: the lease may end meanwhile. */
async function waitAlive(t: Bench, { session, watch, beat }: Life, ms: number): Promise<void> {
  let stopped = false;
  const stop = watch.ended.then(() => {
    stopped = true;
  });
  const until = Date.now() + ms;
  const stepMs = t.time.tier === "virtual" ? ms : Math.min(ms, livenessOf(t.profile, session.platform).leaseMs / 3);
  while (!stopped && Date.now() < until) {
    await Promise.race([wallWait(Math.min(until - Date.now(), stepMs)), stop]);
    // Refused once the token has run out; what becomes of the Watch is what the check looks at.
    if (!stopped && t.time.tier !== "virtual") await beat().catch(() => undefined);
  }
}

/** Waits for the end of a Watch whose session's token runs out after so long. */
async function endOfToken(t: Bench, watch: TestWatch, lifeMs: number, which: string): Promise<void> {
  const { session } = watch;
  await waitAlive(t, { session, watch, beat: () => session.raw.heartbeat() }, lifeMs + graceOfOverMs);
  const { end } = await watch.end(`The Watch whose token has run out, ${which}`);
  t.equal(end?.reason, WatchEndReason.TOKEN_EXPIRED, `Reason of watch_end when the token has run out, ${which}`);
  t.equal(end?.mayResume, true, `may_resume of watch_end when the token has run out, ${which}`);
}

const asItIs = async (watch: TestWatch): Promise<TestWatch> => watch;

function longestGraceMs(profile: Profile): number {
  return Math.max(0, ...ruleSamples(profile).map((platform) => livenessOf(profile, platform).graceMs));
}

/** Which Watch of the session is open when the token runs out: made from the first. */
const openings: Record<string, (first: TestWatch, token: string) => Promise<TestWatch>> = {
  "the first of its session": asItIs,
  "one that replaced the first": ({ session }) => session.watch(),
  "one with the cursor of the first, which was closed": async (first, token) => {
    const { cursor, session } = first;
    await first.close();
    const again = await session.user.login({ device: session.device, platform: session.platform, token });
    return again.watch({ cursor });
  },
};

const hourMs = 3_600_000;

/** Heartbeat with a token that runs out in so many hours; answers when the session's token does. */
async function renewed(session: TestSession, hours: number): Promise<number> {
  const beat = await session.heartbeat(await session.user.token({ expiresInMs: hours * hourMs }));
  return msOf(beat.tokenExpireTime);
}

export const tokenChecks: readonly Check[] = [
  {
    id: "auth-watch-expiry/ends-the-watch",
    title:
      "When its token runs out, a Watch ends with TOKEN_EXPIRED and may_resume, be it the first of its session or a later one, and the link is lost, under each liveness rule",
    tools: ["short-tokens"],
    timeMs: longestGraceMs,
    run: async (t: Bench) => {
      const others = ruleSamples(t.profile).filter((platform) => platform !== Platform.ANDROID);
      const scenes = await Promise.all(
        [
          ...Object.entries(openings).map(([which, open]) => ({ which, open, platform: Platform.ANDROID })),
          ...others.map((platform) => ({ which: `that on ${platformName(platform)}`, open: asItIs, platform })),
        ].map(({ which, open, platform }) =>
          inTime(t, async (lifeMs) => {
            const user = await t.user();
            const token = await user.token({ expiresInMs: lifeMs });
            const session = await user.login({ token, platform });
            return { which, user, platform, watch: await open(await session.watch(), token) };
          }),
        ),
      );
      await Promise.all(scenes.map(({ watch, lifeMs, which }) => endOfToken(t, watch, lifeMs, which)));
      const seen = await t.time.now();
      await t.time.reach(seen + longestGraceMs(t.profile));
      for (const { user, which, platform } of scenes) {
        const what = `Status when the grace after the token's expiry is over, the Watch being ${which}`;
        await shows(t, user.id, lossStatus(t.profile, platform), what);
      }
    },
  },
  {
    id: "auth-watch-expiry/comes-back",
    title: "A session whose token has run out goes on with a newer one",
    tools: ["short-tokens"],
    applies: (profile) => livenessOf(profile, Platform.ANDROID).offline || "a lost link ends the session",
    run: async (t: Bench) => {
      const user = await t.user();
      const token = await user.token({ expiresInMs: shortMs });
      const session = await user.login({ token, platform: Platform.ANDROID });
      const watch = await session.watch({ token });
      await endOfToken(t, watch, shortMs, "the first of its session");
      const newer = await user.token();
      await session.heartbeat(newer);
      const again = await session.watch({ token: newer });
      await again.fence();
      await shows(t, user.id, OnlineStatus.ONLINE, "Status of the user with the newer token");
    },
  },
  {
    id: "auth-watch-expiry/without-a-watch",
    title: "A session without an open Watch outlives its token: it is left to its lease",
    tools: ["short-tokens"],
    applies: (profile) =>
      livenessOf(profile, Platform.ANDROID).leaseMs > 3 * overMs || "the lease is too short to outlive a token",
    timeMs: (profile) => silenceMs(profile, [Platform.ANDROID]),
    run: async (t: Bench) => {
      const user = await t.user();
      const platform = Platform.ANDROID;
      const token = await user.token({ expiresInMs: shortMs });
      const session = await user.login({ token, platform });
      await wallWait(overMs);
      const beat = user.client({ token }).heartbeat({ sessionId: session.id });
      await t.refused(beat, "TOKEN_EXPIRED", "Heartbeat with the token that has run out");
      const { leaseMs, graceMs } = livenessOf(t.profile, platform);
      await t.time.justBefore(loggedInAt(t, session) + leaseMs + graceMs);
      await shows(t, user.id, OnlineStatus.ONLINE, "Status just before the end of lease and grace");
      await t.time.reach(loggedInAt(t, session) + leaseMs + graceMs);
      await shows(t, user.id, lossStatus(t.profile, platform), "Status at the end of lease and grace");
    },
  },
  {
    id: "auth-watch-expiry/newest-token",
    title:
      "The token that runs out last counts, by whichever of Login, Watch and Heartbeat it came, and in whatever order",
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const ways = ["Watch", "Login", "Heartbeat, and an older one after it", "Login, before the older"] as const;
      const scenes = await Promise.all(
        ways.map((way) =>
          inTime(t, async (lifeMs) => {
            const user = await t.user();
            const short = await user.token({ expiresInMs: lifeMs });
            // The usual one may run out never.
            const isFirst = way === "Login, before the older";
            const long = await user.token(isFirst ? {} : { expiresInMs: 3_600_000 });
            const session = await user.login({ token: isFirst ? long : short, platform: Platform.ANDROID });
            const watch = await session.watch({ token: way === "Watch" ? long : short });
            if (way === "Login") await user.login({ device: session.device, platform: session.platform, token: long });
            if (way.startsWith("Heartbeat")) await session.heartbeat(long);
            if (way.startsWith("Heartbeat")) await session.heartbeat(short);
            const client = user.client({ token: long });
            return { way, client, session, watch, beat: () => client.heartbeat({ sessionId: session.id }) };
          }),
        ),
      );
      await Promise.all(scenes.map((scene) => waitAlive(t, scene, scene.lifeMs + graceOfOverMs)));
      for (const { way, client, session, watch } of scenes) {
        await client.sync({ sessionId: session.id, marker: "after-the-older" });
        await watch.find(`A marker after the older token has run out, the newer by ${way}`, (event) =>
          event.case === "synced" ? true : undefined,
        );
      }
    },
  },
  {
    id: "auth-renew/heartbeat",
    title:
      "Heartbeat with a newer token carries the Watch over the expiry of the older one, though that of another session runs out, and tells the newer expiry, however often",
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const [platform = Platform.ANDROID, beside] = pairOf(t.profile) ?? [];
      const { session, watch, first, lifeMs } = await inTime(t, async (ms) => {
        const user = await t.user();
        const older = await user.token({ expiresInMs: ms });
        const session = await user.login({ token: older, platform });
        const olderExpiry = msOf(session.login.tokenExpireTime);
        t.ok(olderExpiry > 0, "Login tells when its token runs out", session.login);
        const watch = await session.watch({ token: older });
        const first = await renewed(session, 1);
        t.ok(first - olderExpiry > hourMs / 2, "token_expire_time of Heartbeat is that of the newer token", first);
        if (beside !== undefined) await (await user.login({ token: older, platform: beside })).watch();
        return { session, watch, first };
      });
      let newest = first;
      for (const hours of [2, 3, 4]) {
        const told = await renewed(session, hours);
        t.ok(told - newest > hourMs / 2, `token_expire_time of Heartbeat with newer token ${hours} is its own`, [
          newest,
          told,
        ]);
        newest = told;
      }
      await waitAlive(t, { session, watch, beat: () => session.raw.heartbeat() }, lifeMs + graceOfOverMs);
      await watch.fence();
    },
  },
];
