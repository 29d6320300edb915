// The calls of a session as they are: promises that reject with what came.
import type { Client } from "@connectrpc/connect";
import type { ListSubscriptionsResponse, Profile, UserStatusService } from "@userstatus/protocol";
import type { RawCalls } from "../check.ts";
import { CheckFailure } from "../failure.ts";
import { durationOf, msOf } from "../units.ts";

export function rawCalls(client: Client<typeof UserStatusService>, sessionId: string, profile: Profile): RawCalls {
  return {
    query: (ids) => client.queryStatuses({ sessionId, userIds: [...ids] }),
    subscribe: (ids, ttlMs) =>
      client.subscribe({ sessionId, userIds: [...ids], ...ttlOf(ttlMs === undefined ? usualTtlMs(profile) : ttlMs) }),
    unsubscribe: (ids) => {
      if (ids === "unset") return client.unsubscribe({ sessionId });
      if (ids === "all") return client.unsubscribe({ sessionId, target: { case: "all", value: {} } });
      return client.unsubscribe({ sessionId, target: { case: "users", value: { userIds: [...ids] } } });
    },
    list: ({ pageSize = 0, pageToken = "", userIds = [] } = {}) =>
      client.listSubscriptions({ sessionId, pageSize, pageToken, userIds: [...userIds] }),
    set: (input) => {
      if (input === undefined) return client.setCustomStatus({ sessionId });
      return client.setCustomStatus({ sessionId, customStatus: { text: input.text ?? "", ...ttlOf(input.ttlMs) } });
    },
    heartbeat: () => client.heartbeat({ sessionId }),
    logout: () => client.logout({ sessionId }),
    sync: (marker) => client.sync({ sessionId, marker }),
  };
}

function ttlOf(ttlMs: number | null | undefined): { ttl?: ReturnType<typeof durationOf> } {
  return ttlMs === undefined || ttlMs === null ? {} : { ttl: durationOf(ttlMs) };
}

/**
 * The ttl to subscribe with where a check does not care: none if the profile can do without, else a quarter of the
 * greatest.
 */
export function usualTtlMs({ subscription }: Profile): number | null {
  if (subscription === undefined || !subscription.callerTtl || subscription.defaultTtl !== undefined) return null;
  const ttlMs = Math.floor(msOf(subscription.maxTtl) / 4);
  return Math.max(ttlMs, msOf(subscription.minTtl));
}

/** All pages. A server whose pages never end fails the check. */
export async function listAll(
  raw: RawCalls,
  ids: readonly string[] = [],
): Promise<ListSubscriptionsResponse["subscriptions"]> {
  const pagesMax = 10_000;
  const rows: ListSubscriptionsResponse["subscriptions"] = [];
  let pageToken = "";
  for (let page = 0; page < pagesMax; page++) {
    const answer = await raw.list({ pageToken, userIds: ids });
    rows.push(...answer.subscriptions);
    if (answer.nextPageToken === "") return rows;
    pageToken = answer.nextPageToken;
  }
  throw new CheckFailure(
    "the pages of ListSubscriptions must come to an end",
    `fewer than ${pagesMax} pages`,
    "another next_page_token",
  );
}
