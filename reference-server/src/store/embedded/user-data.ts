// The data of a user as it stands on disk, beside his rows: JSON with the fields of his record. Leases do not stand there: see `suspect`.
import { blankRecord, type EndedRow, type RowRecord, type SessionRecord, type UserRecord } from "../../core/model.ts";
import type { Rules } from "../../core/rules.ts";
import type { Features } from "../store.ts";

type KeptSession = Omit<SessionRecord, "leaseEndMs" | "lossMs">;
type Apart = "userId" | "rows" | "rowDueMs" | "endedRows" | "friends" | "sessions";
type KeptUser = Omit<UserRecord, Apart> & { readonly sessions: readonly KeptSession[] };

/** The data of an app. */
export interface KeptApp {
  readonly epoch: string;
  readonly seq: number;
  readonly features: Features;
  readonly featuresSeq: number;
  readonly rowsEra: number;
  readonly stoppedAtMs: number | null;
  readonly floorMs: number;
}

export function userText(record: UserRecord): string {
  const { userId: _1, rows: _2, rowDueMs: _3, endedRows: _4, friends: _5, ...rest } = record;
  // A heartbeat changes only what is left out here, and so costs no write.
  const sessions = record.sessions.map(({ leaseEndMs: _6, lossMs: _7, ...kept }) => kept);
  return JSON.stringify({ ...rest, sessions } satisfies KeptUser);
}

/** A record from what was kept. Its live sessions are suspect until `suspect` gave them their time. */
export function userFrom(
  userId: string,
  text: string,
  parts: { rows: readonly RowRecord[]; ended: EndedRow[]; friends: string[] },
  rules: Rules,
): UserRecord {
  const { sessions, ...kept } = JSON.parse(text) as KeptUser;
  let rowDueMs = Number.POSITIVE_INFINITY;
  for (const row of parts.rows) rowDueMs = Math.min(rowDueMs, row.expireMs ?? Number.POSITIVE_INFINITY);
  // Insertion order is refresh order: the first row of the map is the one to evict.
  const rows = [...parts.rows].sort((a, b) => a.refreshOrder - b.refreshOrder);
  return {
    ...blankRecord(userId, rules),
    ...kept,
    sessions: sessions.map((session) => ({ ...session, leaseEndMs: Number.POSITIVE_INFINITY, lossMs: session.lostMs })),
    rows: new Map(rows.map((row) => [row.target, row])),
    rowDueMs,
    endedRows: parts.ended,
    friends: parts.friends,
  };
}

/** Nobody is lost by silence: what is not lost yet stays live until `suspect`. */
export function holdLeases(record: UserRecord): void {
  for (const session of record.sessions) {
    if (session.lostMs !== null) continue;
    session.lossMs = null;
    session.leaseEndMs = Number.POSITIVE_INFINITY;
  }
}

/**
 * Signs of life could not come, or were not kept: each session that is not lost gets a whole lease from now, and its grace after it, to come back
 * before anybody sees it gone.
 */
export function suspect(record: UserRecord, nowMs: number, rules: Rules): void {
  holdLeases(record);
  for (const session of record.sessions) {
    if (session.lostMs === null) session.leaseEndMs = nowMs + rules.liveness(session.platform).leaseMs;
  }
}
