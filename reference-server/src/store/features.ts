// What a change of an app's switches does, whichever store keeps them.
import type { Rules } from "../core/rules.ts";
import type { Features } from "./store.ts";

/** Of an app that nobody has switched anything of. */
export const initialFeatures: Features = { plan: true, userStatus: true, friendNotifications: false };

const names = ["plan", "userStatus", "friendNotifications"] as const;

export function sameFeatures(one: Features, other: Features): boolean {
  return names.every((name) => one[name] === other[name]);
}

/** Whether rows end by it: a gate on Subscribe closes. */
export function endsRows(before: Features, after: Features, rules: Rules): boolean {
  const isClosed = (features: Features): boolean => rules.closedGate("Subscribe", false, features) !== undefined;
  return !isClosed(before) && isClosed(after);
}
