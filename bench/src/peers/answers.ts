// What the peers of calls answer: statuses that are made once, for whoever is asked for.
import { OnlineStatus } from "@userstatus/protocol";

interface Answered {
  readonly userId: string;
  readonly revision: bigint;
  readonly onlineStatus: OnlineStatus;
  readonly customStatus: { readonly text: string };
}

const statuses = new Map<string, Answered>();

function statusOf(userId: string): Answered {
  const found = statuses.get(userId);
  if (found) return found;
  const made = {
    userId,
    revision: 1n,
    onlineStatus: OnlineStatus.LOGGED_OUT,
    customStatus: { text: `I am ${userId}` },
  };
  statuses.set(userId, made);
  return made;
}

/** A QueryStatusesResponse for these users, to be made a message. */
export function answerOf(userIds: readonly string[]) {
  return {
    epoch: "1",
    results: userIds.map((userId) => ({ userId, result: { case: "status", value: statusOf(userId) } as const })),
  };
}
