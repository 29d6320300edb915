// Checks of SPEC §6.3, lease-reads: which calls do not start the lease anew.
import { OnlineStatus, type Platform } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { plainCalls } from "./lib/a-calls.ts";
import { half } from "./lib/a-lease.ts";
import { livenessOf, lossStatus, platformName, ruleSamples, silenceMs } from "./lib/a-profile.ts";
import { loggedInAt, openedAt, shows } from "./lib/a-scenes.ts";

interface Caller {
  readonly name: string;
  readonly session: TestSession;
  /** When its lease started. */
  readonly start: number;
  readonly call: () => Promise<unknown>;
}

/** For each call that renews nothing a user of its own, whose session has just begun. Only that of Sync has a Watch. */
async function oneSessionPerCall(t: Bench, platform: Platform, targetId: string): Promise<readonly Caller[]> {
  const info = { name: "GetServerInfo", of: (session: TestSession) => session.user.client().getServerInfo({}) };
  const names = ["SetCustomStatus", "QueryStatuses", "Subscribe", "Unsubscribe", "ListSubscriptions", "Sync"];
  const plain = names.map((name) => ({
    name,
    of: async (session: TestSession) => {
      const options = { client: session.user.client(), sessionId: session.id, targetId, profile: t.profile };
      await plainCalls(options)
        .find((one) => one.name === name)
        ?.call();
    },
  }));
  const callers: Caller[] = [];
  for (const { name, of } of [info, ...plain]) {
    const session = await (await t.user()).login({ platform });
    const watch = name === "Sync" ? await session.watch() : undefined;
    const start = watch ? openedAt(t, watch) : loggedInAt(t, session);
    callers.push({ name, session, start, call: () => of(session) });
  }
  return callers;
}

export const leaseCallsChecks: readonly Check[] = [
  {
    id: "lease-reads/none-renews",
    title:
      "No other call starts the lease anew: a session for each of them is lost when one that called Heartbeat lives",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const target = await t.user();
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        const calls = await oneSessionPerCall(t, platform, target.id);
        const control = await (await t.user()).login({ platform });
        await t.time.pass(half(t.profile, platform));
        for (const { call } of calls) await call();
        await control.heartbeat();
        await t.time.reach(Math.max(...calls.map(({ start }) => start)) + leaseMs + graceMs);
        const lost = lossStatus(t.profile, platform);
        for (const { name, session } of calls) {
          await shows(
            t,
            session.user.id,
            lost,
            `Status of a user who called ${name} at half the lease on ${platformName(platform)}`,
          );
        }
        await shows(t, control.user.id, OnlineStatus.ONLINE, "Status of a user who called Heartbeat at half the lease");
      }
    },
  },
];
