// Checks of SPEC §3, tokens that run out while a session lives. Their expiry is wall time on every clock, so these really wait.

import { OnlineStatus, Platform, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { livenessOf, lossStatus, silenceMs } from "./lib/a-profile.ts";
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

/** Waits for the end of the Watch of a session whose token runs out. */
async function endOfToken(t: Bench, session: TestSession, watch: TestWatch): Promise<void> {
  await waitAlive(t, { session, watch, beat: () => session.raw.heartbeat() }, overMs);
  const { end } = await watch.end("The Watch whose token has run out");
  t.equal(end?.reason, WatchEndReason.TOKEN_EXPIRED, "Reason of watch_end when the token has run out");
  t.equal(end?.mayResume, true, "may_resume of watch_end when the token has run out");
}

export const tokenChecks: readonly Check[] = [
  {
    id: "auth-watch-expiry/ends-the-watch",
    title: "When its token runs out, a Watch ends with TOKEN_EXPIRED and may_resume, and the link is lost",
    tools: ["short-tokens"],
    timeMs: (profile) => livenessOf(profile, Platform.ANDROID).graceMs,
    run: async (t: Bench) => {
      const user = await t.user();
      const platform = Platform.ANDROID;
      const token = await user.token({ expiresInMs: shortMs });
      const session = await user.login({ token, platform });
      const watch = await session.watch({ token });
      const { graceMs } = livenessOf(t.profile, platform);
      await endOfToken(t, session, watch);
      const seen = await t.time.now();
      await t.time.reach(seen + graceMs);
      await shows(
        t,
        user.id,
        lossStatus(t.profile, platform),
        "Status when the grace after the token's expiry is over",
      );
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
      await endOfToken(t, session, watch);
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
      "Heartbeat with a newer token carries the Watch over the expiry of the older one, and tells the newer expiry",
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const { session, watch, lifeMs } = await inTime(t, async (ms) => {
        const user = await t.user();
        const older = await user.token({ expiresInMs: ms });
        const session = await user.login({ token: older, platform: Platform.ANDROID });
        const olderExpiry = msOf(session.login.tokenExpireTime);
        t.ok(olderExpiry > 0, "Login tells when its token runs out", session.login);
        const watch = await session.watch({ token: older });
        const beat = await session.heartbeat(await user.token({ expiresInMs: 3_600_000 }));
        const newerExpiry = msOf(beat.tokenExpireTime);
        t.ok(
          newerExpiry - olderExpiry > 3_000_000,
          "token_expire_time of Heartbeat is that of the newer token",
          newerExpiry,
        );
        return { session, watch };
      });
      await waitAlive(t, { session, watch, beat: () => session.raw.heartbeat() }, lifeMs + graceOfOverMs);
      await watch.fence();
    },
  },
];
