// SPEC §18, clock-hold: that a step with hold_leases holds nothing but leases. That it holds these, and lets a grace run: clock.ts.
import { OnlineStatus, Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { livenessOf } from "./lib/a-profile.ts";
import { look } from "./lib/a-scenes.ts";

/** Longest step that AdvanceClock takes. */
const stepMaxMs = 400 * 86_400_000;

/** For `applies`: a lost ANDROID session shows OFFLINE, and is over within one step of the clock. */
function decaysInOneStep(profile: Profile): true | string {
  const { offline, decayMs } = livenessOf(profile, Platform.ANDROID);
  return (offline && decayMs < stepMaxMs) || "no lost session decays within one step of the clock";
}

/** Checks of what runs on in a step with hold_leases. */
export const clockHoldChecks: readonly Check[] = [
  {
    id: "clock-hold/decay-runs",
    title: "a step with hold_leases lets the decay of a lost session run out",
    tools: ["test-clock"],
    applies: decaysInOneStep,
    async run(t: Bench) {
      const { user, watch } = await t.watcher({ platform: Platform.ANDROID });
      const { graceMs, decayMs } = t.liveness(Platform.ANDROID);
      await t.clock.advance(0);
      await watch.close();
      await t.clock.advance(graceMs);
      t.equal((await look(t, user.id)).onlineStatus, OnlineStatus.OFFLINE, "online status when the grace has ended");
      await t.clock.advance(decayMs - 1, true);
      const before = (await look(t, user.id)).onlineStatus;
      t.equal(before, OnlineStatus.OFFLINE, "online status 1 ms before the decay ends");
      await t.clock.advance(1, true);
      t.equal((await look(t, user.id)).onlineStatus, OnlineStatus.LOGGED_OUT, "online status when the decay has ended");
    },
  },
];
