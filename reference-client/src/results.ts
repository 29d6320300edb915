// Per-user results of batches, as plain unions.
import type { QueryResult, SubscribeResult, Subscription, UnsubscribeResponse, UserStatus } from "@userstatus/protocol";
import { type Refusal, toRefusal } from "./errors.ts";

/** One user of a query. */
export type QueryOutcome =
  | { readonly ok: true; readonly userId: string; readonly status: UserStatus }
  | { readonly ok: false; readonly userId: string; readonly error: Refusal };

/** One user of a subscribe. */
export type SubscribeOutcome =
  | {
      readonly ok: true;
      readonly userId: string;
      readonly subscription: Subscription;
      /** The target's status as it was when the row was made, or a newer one. */
      readonly status: UserStatus | undefined;
    }
  | { readonly ok: false; readonly userId: string; readonly error: Refusal };

/** One user of an unsubscribe. `ok`: no row to this user is left, whether or not there was one. */
export type UnsubscribeOutcome =
  | { readonly ok: true; readonly userId: string }
  | { readonly ok: false; readonly userId: string; readonly error: Refusal };

export function toQueryOutcome(result: QueryResult): QueryOutcome {
  const { userId } = result;
  if (result.result.case === "status") return { ok: true, userId, status: result.result.value };
  return { ok: false, userId, error: toRefusal(result.result.value) };
}

export function toSubscribeOutcome(result: SubscribeResult): SubscribeOutcome {
  const { userId } = result;
  if (result.result.case !== "subscribed") return { ok: false, userId, error: toRefusal(result.result.value) };
  const { subscription, status } = result.result.value;
  if (subscription === undefined) return { ok: false, userId, error: toRefusal(undefined) };
  return { ok: true, userId, subscription, status };
}

/** The users of the request in its order; the answer lists those that went and those that failed apart. */
export function toUnsubscribeOutcomes(userIds: readonly string[], response: UnsubscribeResponse): UnsubscribeOutcome[] {
  const ended = new Set(response.endedUserIds);
  const failures = new Map(response.failures.map((failure) => [failure.userId, failure.error]));
  return userIds.map((userId) =>
    ended.has(userId) ? { ok: true, userId } : { ok: false, userId, error: toRefusal(failures.get(userId)) },
  );
}
