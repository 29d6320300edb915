// Reading messages: times and durations in milliseconds, texts, and the one result of a batch that a check asks about.
import { type Duration, durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type {
  ListSubscriptionsResponse,
  Profile,
  QueryResult,
  SubscribeResult,
  Subscription,
  UserStatus,
} from "@userstatus/protocol";
import type { Bench, TestSession } from "../../check.ts";

/** A row as ListSubscriptions gives it. */
export type ListedRow = ListSubscriptionsResponse["subscriptions"][number];

/** A duration of the profile, in milliseconds; undefined where it is not set. */
export function msOf(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration);
}

/** A time of the wire, in milliseconds since 1970; undefined where it is not set. */
export function timeOf(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time);
}

/** The custom status of a status. Without one, and with an empty one: the empty text. */
export function textOf(status: UserStatus | undefined): string {
  return status?.customStatus?.text ?? "";
}

/** When the text ends by itself. */
export function textEnd(status: UserStatus | undefined): number | undefined {
  return timeOf(status?.customStatus?.expireTime);
}

/** When the text ends by itself; the check fails if the status has no such time. */
export function textEndOf(t: Bench, status: UserStatus | undefined, what: string): number {
  const end = textEnd(status);
  t.ok(end !== undefined, `${what}: the custom status has an expire_time`, end);
  return end;
}

/** When the row ends by itself; the check fails if it has no such time. */
export function rowEndOf(t: Bench, row: Subscription | undefined, what: string): number {
  const end = timeOf(row?.expireTime);
  t.ok(end !== undefined, `${what}: the row has an expire_time`, end);
  return end;
}

/** A text that the profile takes, different for each `nth` below 26. */
export function sampleText(t: Bench, nth = 0): string {
  const most = Math.min(t.profile.customStatus?.maxBytes ?? 1, 12);
  return (String.fromCharCode("a".charCodeAt(0) + nth) + t.random.text(12)).slice(0, most);
}

/** The row and status that Subscribe answered for a target; the check fails if there is none. */
export function rowIn(
  t: Bench,
  results: readonly SubscribeResult[],
  id: string,
  what = "Subscribe",
): { row: Subscription; status: UserStatus } {
  const result = results.find((one) => one.userId === id)?.result;
  t.ok(result?.case === "subscribed", `${what} gives a row to ${id}`, result);
  const { subscription, status } = result.value;
  t.ok(subscription !== undefined && status !== undefined, `${what} gives row and status of ${id}`, result.value);
  t.equal(subscription.userId, id, `${what}: target that the row to ${id} names`);
  t.equal(status.userId, id, `${what}: user that the status of ${id} names`);
  return { row: subscription, status };
}

/** The status that QueryStatuses answered for a user; the check fails if there is none. */
export function statusIn(t: Bench, results: readonly QueryResult[], id: string, what = "QueryStatuses"): UserStatus {
  const result = results.find((one) => one.userId === id)?.result;
  t.ok(result?.case === "status", `${what} gives a status of ${id}`, result);
  t.equal(result.value.userId, id, `${what}: user that the status of ${id} names`);
  return result.value;
}

/** Reason of the error of one user of a batch; undefined where he has none. */
export function reasonIn(results: readonly (QueryResult | SubscribeResult)[], id: string): string | undefined {
  const result = results.find((one) => one.userId === id)?.result;
  return result?.case === "error" ? result.value.reason : undefined;
}

/** The row to a target in a list; the check fails if it is not there, or there more than once. */
export function rowListed(
  t: Bench,
  list: readonly ListedRow[],
  id: string,
  what = "ListSubscriptions",
): { row: Subscription; status: UserStatus } {
  const found = list.filter((one) => one.subscription?.userId === id);
  t.equal(found.length, 1, `${what}: rows to ${id}`);
  const { subscription, status } = found[0] ?? {};
  t.ok(subscription !== undefined && status !== undefined, `${what} gives row and status of ${id}`, found[0]);
  return { row: subscription, status };
}

/** A text of exactly so many bytes: as many of the character as fit, then ASCII. */
export function textOfBytes(character: string, bytes: number): string {
  const width = Buffer.byteLength(character);
  return character.repeat(Math.floor(bytes / width)) + "x".repeat(bytes % width);
}

/** Targets of all rows, as ListSubscriptions gives them. */
export async function targetsOf(session: TestSession): Promise<string[]> {
  return (await session.list()).map((one) => one.subscription?.userId ?? "");
}

/** In the order of first occurrence, each once. */
export function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

/** Four ids as a list of six, two of them twice, that is neither in ascending nor in descending order of bytes. */
export function mixed(four: readonly string[]): string[] {
  const [a = "", b = "", c = "", d = ""] = [...four].sort(byBytes);
  return [c, a, c, d, a, b];
}

/** Order of ids by their bytes (they are ASCII). */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Limits of subscriptions that every profile has. */
export function rowLimits(profile: Profile): {
  subscribeMax: number;
  unsubscribeMax: number;
  rowsMax: number;
  pageMax: number;
} {
  const rules = profile.subscription;
  return {
    subscribeMax: rules?.subscribeBatchMax ?? 1,
    unsubscribeMax: rules?.unsubscribeBatchMax ?? 1,
    rowsMax: rules?.maxSubscriptions ?? 1,
    pageMax: rules?.listPageMax ?? 1,
  };
}

/** For `applies`: one Subscribe takes so many ids, and a user may have so many rows. */
export function batchOf(count: number): (profile: Profile) => true | string {
  return (profile) => {
    const { subscribeMax, rowsMax } = rowLimits(profile);
    return Math.min(subscribeMax, rowsMax) >= count || `a user can't have ${count} rows by one call`;
  };
}

/** For `applies`: all of several conditions. The reason is that of the first that doesn't hold. */
export function all(
  ...conditions: readonly ((profile: Profile) => true | string)[]
): (profile: Profile) => true | string {
  return (profile) => {
    for (const condition of conditions) {
      const verdict = condition(profile);
      if (verdict !== true) return verdict;
    }
    return true;
  };
}

/** A revision or a generation has risen. */
export function higher(t: Bench, now: bigint | undefined, before: bigint | undefined, what: string): void {
  t.ok(now !== undefined && before !== undefined && now > before, `${what} is higher than before (${before})`, now);
}
