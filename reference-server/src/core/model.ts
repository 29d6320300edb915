// The record of one user, and what a change of it tells others. Plain data: a store can keep it anywhere.
import { OnlineStatus, type Platform, type SessionEndName, type SubscriptionEndReason } from "@userstatus/protocol";
import type { Rules } from "./rules.ts";

/** A session that is live, within its grace, or lost. One that is over stands in `UserRecord.over`. */
export interface SessionRecord {
  readonly sessionId: string;
  readonly deviceId: string;
  platform: Platform;
  readonly loginMs: number;
  /** Order of logins within the user. */
  readonly loginOrder: number;
  leaseEndMs: number;
  /** When the link was lost; null while it is not. Within its grace from here on. */
  lossMs: number | null;
  /** When it became lost for others; null while it counts as live. */
  lostMs: number | null;
  /** Expiry of its newest token, wall time; null: never. */
  tokenExpiresAtMs: number | null;
  /** Its newest Watch. The end of an older one, perhaps on another node, says nothing of its link. */
  watchId?: string;
}

/** A session that is over, remembered so that its owner is told why. */
export interface OverSession {
  readonly sessionId: string;
  readonly reason: SessionEndName;
}

/** A row: this user to one target. */
export interface RowRecord {
  readonly target: string;
  readonly generation: number;
  refreshMs: number;
  /** Order of refreshes within the user: the lowest is evicted first. */
  refreshOrder: number;
  /** null: no time of its own. */
  expireMs: number | null;
  /** Registration of the target that it was made for (see `UserRecord.incarnation`). */
  readonly incarnation: number;
  /** Change number of the app at which it was made or refreshed last. */
  seq: number;
}

/** A row that ended, remembered for those who resume. */
export interface EndedRow {
  readonly target: string;
  readonly generation: number;
  readonly reason: SubscriptionEndReason;
  readonly seq: number;
}

/** All that is known of one user. */
export interface UserRecord {
  readonly userId: string;
  registered: boolean;
  /** Counts registrations: rows of an earlier one are gone. */
  incarnation: number;
  everLoggedIn: boolean;
  sessions: SessionRecord[];
  /** Newest last, at most `overMax`. */
  over: OverSession[];
  lastLoginOrder: number;
  custom: { text: string; expireMs: number | null } | null;
  online: OnlineStatus;
  /** Distinct platforms of live sessions, ascending. */
  platforms: Platform[];
  onlineMs: number | null;
  customMs: number | null;
  updateMs: number | null;
  revision: number;
  selfRevision: number;
  /** What the self view showed of sessions at `selfRevision`. */
  selfKey: string;
  /** When he was last ONLINE before now; null while he is, or if he never was. */
  absentSinceMs: number | null;
  rows: Map<string, RowRecord>;
  /** No row expires before this (a lower bound, Infinity: none does). */
  rowDueMs: number;
  /** Era of the app's gates in which the rows were made: rows of an older one are gone. */
  rowsEra: number;
  lastGeneration: number;
  lastRefreshOrder: number;
  /** Oldest first, at most `endedRowsMax`. */
  endedRows: EndedRow[];
  /** Rows that ended at or before this change number are forgotten. */
  endedForgottenSeq: number;
  friends: string[];
  /** Change numbers of the app: of the last change others see, of the self view, of the friend list. */
  statusSeq: number;
  selfSeq: number;
  friendsSeq: number;
}

/** What others are told of a committed change of one record. */
export type Change =
  | { readonly kind: "status" }
  | { readonly kind: "self" }
  | { readonly kind: "subscribed"; readonly target: string }
  | {
      readonly kind: "ended";
      readonly target: string;
      readonly generation: number;
      readonly reason: SubscriptionEndReason;
    }
  | { readonly kind: "session-over"; readonly sessionId: string; readonly reason: SessionEndName }
  | { readonly kind: "lease-lapsed"; readonly sessionId: string }
  /** Where a store is shared by several nodes: another Watch of this session may be on one of them. */
  | { readonly kind: "watch-opened"; readonly sessionId: string; readonly watchId: string }
  | { readonly kind: "token"; readonly sessionId: string; readonly expiresAtMs: number | null }
  | { readonly kind: "friends"; readonly added: readonly string[]; readonly removed: readonly string[] }
  | { readonly kind: "gone" };

/** What a command or a transition works with. */
export interface CoreContext {
  readonly rules: Rules;
  /** Era of the app's gates; rises when a gate on Subscribe closes. */
  readonly rowsEra: number;
  /** Change number that this commit has in the app. */
  readonly seq: number;
  /** Collects what others are told, in order. */
  readonly changes: Change[];
  /** Whether other nodes look at the same records. */
  readonly shared?: boolean;
}

/** Most sessions that are remembered after they are over (SPEC logout-ends-session: at least 16). */
export const overMax = 32;
/** Most ended rows that are remembered for resuming; beyond it older cursors get RESET. */
export const endedRowsMax = 1000;

/** A user of whom nothing is known. */
export function blankRecord(userId: string, rules: Rules): UserRecord {
  return {
    userId,
    registered: false,
    incarnation: 0,
    everLoggedIn: false,
    sessions: [],
    over: [],
    lastLoginOrder: 0,
    custom: null,
    online: rules.registry ? rules.neverLoggedIn : OnlineStatus.LOGGED_OUT,
    platforms: [],
    onlineMs: null,
    customMs: null,
    updateMs: null,
    revision: 0,
    selfRevision: 0,
    selfKey: "",
    absentSinceMs: null,
    rows: new Map(),
    rowDueMs: Number.POSITIVE_INFINITY,
    rowsEra: 0,
    lastGeneration: 0,
    lastRefreshOrder: 0,
    endedRows: [],
    endedForgottenSeq: 0,
    friends: [],
    statusSeq: 0,
    selfSeq: 0,
    friendsSeq: 0,
  };
}
