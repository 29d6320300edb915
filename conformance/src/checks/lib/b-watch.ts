// What a Watch told about rows, and the proof that it told nothing more.
import {
  type Subscription,
  type SubscriptionEnded,
  SubscriptionEndReason,
  type UserStatus,
} from "@userstatus/protocol";
import type { Bench, TestWatch } from "../../check.ts";
import { timeOf } from "./b-values.ts";
import { plain } from "./c-state.ts";

/** The `subscription_ended` of a target from a mark on. */
export function endsOf(watch: TestWatch, id: string, from = 0): SubscriptionEnded[] {
  const ends: SubscriptionEnded[] = [];
  for (const { event } of watch.after(from)) {
    if (event.case === "subscriptionEnded" && event.value.userId === id) ends.push(event.value);
  }
  return ends;
}

/** Every `subscription_ended` from a mark on, whoever the target. */
export function allEnds(watch: TestWatch, from = 0): SubscriptionEnded[] {
  const ends: SubscriptionEnded[] = [];
  for (const { event } of watch.after(from)) if (event.case === "subscriptionEnded") ends.push(event.value);
  return ends;
}

/** Waits for the `subscribed` of a target; answers it with its place. */
export function awaitRow(
  watch: TestWatch,
  id: string,
  what: string,
  from = 0,
): Promise<{ row: Subscription; index: number }> {
  return watch.find(
    what,
    (event, index) =>
      event.case === "subscribed" && event.value.userId === id ? { row: event.value, index } : undefined,
    from,
  );
}

/** Waits for the end of a row (generation 0: of a friend's implicit one), and looks at its reason. Answers it with its place. */
export async function awaitEnd(
  t: Bench,
  watch: TestWatch,
  expected: { id: string; generation: bigint; reason: SubscriptionEndReason; stillVisible?: boolean },
  what: string,
  from = 0,
): Promise<{ ended: SubscriptionEnded; index: number }> {
  const { id, generation } = expected;
  const found = await watch.find(
    `${what}: subscription_ended of ${id}, generation ${generation}`,
    (event, index) =>
      event.case === "subscriptionEnded" && event.value.userId === id && event.value.generation === generation
        ? { ended: event.value, index }
        : undefined,
    from,
  );
  t.equal(
    endReasonName(found.ended.reason),
    endReasonName(expected.reason),
    `${what}: reason of the end of the row to ${id}`,
  );
  if (expected.stillVisible !== undefined) {
    t.equal(found.ended.stillVisible, expected.stillVisible, `${what}: still_visible of the end of the row to ${id}`);
  }
  return found;
}

/** The Watch is told of the row as it was answered, and holds the target's status. */
export async function toldOf(
  t: Bench,
  watch: TestWatch,
  answered: { row: Subscription; status: UserStatus },
  from: number,
  whose: string,
): Promise<void> {
  const { row, status } = answered;
  const told = await awaitRow(watch, row.userId, `\`subscribed\` on ${whose} Watch`, from);
  t.equal(told.row.generation, row.generation, `generation of the row on ${whose} Watch, against the answer`);
  t.equal(
    timeOf(told.row.expireTime),
    timeOf(row.expireTime),
    `expire_time of the row on ${whose} Watch, against the answer`,
  );
  const carried = await watch.status(
    row.userId,
    `the target's status on ${whose} Watch`,
    (one) => one.revision >= status.revision,
    from,
  );
  t.equal(plain(carried), plain(status), `status on ${whose} Watch, against the answer`);
}

/** Fences, and proves that no status of the target came from a mark on. */
export async function silentAbout(t: Bench, watch: TestWatch, id: string, from: number, what: string): Promise<void> {
  await watch.fence();
  t.equal(watch.statusesOf(id, from).length, 0, `${what}: statuses of ${id} on the Watch`);
}

export function endReasonName(reason: SubscriptionEndReason): string {
  return Object.entries(SubscriptionEndReason).find(([, value]) => value === reason)?.[0] ?? String(reason);
}
