// What lies between two readings of a record, as the changes that a commit would have told. Messages only wake: what is told is derived from what stands, so a
// lost or repeated message changes nothing. Change numbers rise in a record, so what is newer than the last reading is what happened since.
import type { Change, UserRecord } from "../../core/model.ts";

/** What was told last. */
export interface Told {
  /** Change number of the last commit of it. */
  readonly version: number;
  readonly registered: boolean;
  readonly incarnation: number;
  readonly sessions: readonly ToldSession[];
  readonly friends: readonly string[];
}

export interface ToldSession {
  readonly sessionId: string;
  readonly leaseLapsed: boolean;
  readonly tokenExpiresAtMs: number | null;
  readonly watchId: string | undefined;
}

export function toldOf(record: Readonly<UserRecord>, version: number): Told {
  return {
    version,
    registered: record.registered,
    incarnation: record.incarnation,
    friends: record.friends,
    sessions: record.sessions.map(({ sessionId, lossMs, leaseEndMs, tokenExpiresAtMs, watchId }) => ({
      sessionId,
      // A link that was lost at the end of its lease was lost by silence.
      leaseLapsed: lossMs !== null && lossMs === leaseEndMs,
      tokenExpiresAtMs,
      watchId,
    })),
  };
}

/** Whether more has ended since than a record keeps: its owner can't be told it one by one. */
export function isForgotten(told: Told, after: Readonly<UserRecord>): boolean {
  return after.endedForgottenSeq > told.version && after.registered;
}

/** Pure. */
export function changesBetween(told: Told, after: Readonly<UserRecord>): Change[] {
  const isNew = ({ seq }: { readonly seq: number }): boolean => seq > told.version;
  const changes: Change[] = sessionChanges(told, after);
  if (after.friendsSeq > told.version) {
    const [before, now] = [new Set(told.friends), new Set(after.friends)];
    const added = after.friends.filter((friend) => !before.has(friend));
    const removed = told.friends.filter((friend) => !now.has(friend));
    if (after.registered && added.length + removed.length > 0) changes.push({ kind: "friends", added, removed });
  }
  for (const { target, generation, reason, seq } of after.endedRows) {
    if (isNew({ seq })) changes.push({ kind: "ended", target, generation, reason });
  }
  for (const row of after.rows.values()) if (isNew(row)) changes.push({ kind: "subscribed", target: row.target });
  // Deleted, though he may have been registered anew since. Before his new status: what is told of the old one ends here.
  if (told.registered && (!after.registered || after.incarnation !== told.incarnation)) changes.push({ kind: "gone" });
  if (after.selfSeq > told.version) changes.push({ kind: "self" });
  if (after.statusSeq > told.version) changes.push({ kind: "status" });
  return changes;
}

function sessionChanges(told: Told, after: Readonly<UserRecord>): Change[] {
  return told.sessions.flatMap((before): Change[] => {
    const { sessionId } = before;
    const now = after.sessions.find((session) => session.sessionId === sessionId);
    if (now === undefined) {
      const reason = after.over.findLast((over) => over.sessionId === sessionId)?.reason ?? "KICKED";
      return [{ kind: "session-over", sessionId, reason }];
    }
    const { watchId, tokenExpiresAtMs } = now;
    const lapsed = now.lossMs !== null && now.lossMs === now.leaseEndMs;
    return [
      ...(watchId !== undefined && watchId !== before.watchId
        ? [{ kind: "watch-opened", sessionId, watchId } as const]
        : []),
      ...(tokenExpiresAtMs !== before.tokenExpiresAtMs
        ? [{ kind: "token", sessionId, expiresAtMs: tokenExpiresAtMs } as const]
        : []),
      ...(lapsed && !before.leaseLapsed ? [{ kind: "lease-lapsed", sessionId } as const] : []),
    ];
  });
}
