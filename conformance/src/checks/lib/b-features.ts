// The app's plan and switches, for checks that have the app to themselves.
import type { Profile } from "@userstatus/protocol";
import { Gate, type GateRule } from "@userstatus/protocol";
import type { Features } from "@userstatus/protocol/admin";
import type { Bench } from "../../check.ts";

/** The plan and the switches that a check changes. */
export type Switches = Partial<Pick<Features, "plan" | "userStatus" | "friendNotifications">>;

/** Everything that gates open, friends' notifications off, save what `start` says; then the check; then all as it was before. */
export async function withFeatures(t: Bench, start: Switches, check: () => Promise<void>): Promise<void> {
  const { features } = await t.admin.client.getFeatures({});
  t.ok(features !== undefined, "GetFeatures answers with the features");
  const { plan, userStatus, friendNotifications } = features;
  try {
    await t.admin.features({ plan: true, userStatus: true, friendNotifications: false, ...start });
    await check();
  } finally {
    await t.admin.features({ plan, userStatus, friendNotifications });
  }
}

/** Rules of a gate. */
export function rulesOf(profile: Profile, gate: Gate): GateRule[] {
  return profile.gates.filter((rule) => rule.gate === gate);
}

/** Procedures of all rules of a gate, each once. */
export function gated(profile: Profile, gate: Gate): string[] {
  return [...new Set(rulesOf(profile, gate).flatMap((rule) => rule.procedures))];
}

/** The change that closes a gate, or opens it. */
export function gateSwitch(gate: Gate, open: boolean): Switches {
  return gate === Gate.PLAN ? { plan: open } : { userStatus: open };
}
