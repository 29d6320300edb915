// What a client would hold of a target, folded from the events of one stream (SPEC §19: client-fold,
// client-generation).
import type { UserStatus } from "@userstatus/protocol";
import type { Seen } from "../check.ts";

/**
 * The newest status, or undefined if none came or the target's row ended since. The epoch is constant within a
 * stream.
 */
export function heldStatus(seen: readonly Seen[], userId: string): UserStatus | undefined {
  let held: UserStatus | undefined;
  let generation = 0n;
  for (const { event } of seen) {
    if (event.case === "status" && event.value.userId === userId) {
      if (held === undefined || event.value.revision >= held.revision) held = event.value;
    } else if (event.case === "subscribed" && event.value.userId === userId) {
      if (event.value.generation > generation) generation = event.value.generation;
    } else if (event.case === "subscriptionEnded" && event.value.userId === userId) {
      const { stillVisible, generation: ended } = event.value;
      if (!stillVisible && (ended === 0n || ended >= generation)) held = undefined;
    }
  }
  return held;
}
