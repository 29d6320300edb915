// What the model knows of one app. Written from SPEC.md alone; it says what may be observed, not how a server comes to it.
import {
  OnlineStatus,
  type SessionEndName,
  type SubscriptionEndReason,
  type WatchEndReason,
} from "@userstatus/protocol";
import type { Features, ModelRules } from "./rules.ts";
import { createBook, type ViewBook } from "./views.ts";

/** A session that is not over (SPEC §6.3). */
export interface SessionState {
  readonly id: string;
  readonly device: string;
  platform: number;
  /** Place in the order of logins. */
  readonly order: number;
  readonly loginMs: number;
  state: "live" | "away" | "lost";
  /** While live. */
  leaseEndMs: number;
  /** While away: when it will be lost. While lost: when it will be over. */
  dueMs: number;
}

export interface RowState {
  readonly target: string;
  readonly generation: bigint;
  refreshMs: number;
  /** Rises with each refresh. */
  refreshOrder: number;
  endMs: number | undefined;
}

/** The end of a row, or of a friend's visibility (generation 0). */
export interface RowEnd {
  readonly target: string;
  readonly generation: bigint;
  readonly reason: SubscriptionEndReason;
  readonly atMs: number;
  /** When it would have expired by itself. */
  readonly ownEndMs?: number;
}

export interface RateState {
  /** Admitted calls since the last window without any, ascending. */
  calls: number[];
  /** A call from here on must be admitted, if none was in between: what a RetryInfo has promised. */
  freeMs: number | undefined;
}

export interface UserState {
  readonly id: string;
  registered: boolean;
  everLoggedIn: boolean;
  /** In the order of logins. */
  sessions: SessionState[];
  /** Sessions that are over, the oldest first. */
  ended: { readonly id: string; readonly reason: SessionEndName }[];
  online: OnlineStatus;
  onlineMs: number | undefined;
  text: { readonly text: string; readonly endMs: number | undefined } | undefined;
  textMs: number | undefined;
  /** When the text goes because of a logout. */
  clearMs: number | undefined;
  /** Since when he is not ONLINE. */
  absentMs: number | undefined;
  rows: Map<string, RowState>;
  /** Every end of a row since the walk began. */
  rowEnds: RowEnd[];
  /** Highest generation ever seen, by target. */
  generations: Map<string, bigint>;
  friends: Set<string>;
  rates: Map<string, RateState>;
  /** Counts of rates are unknown until a window without calls. */
  ratesUnknown: boolean;
  readonly others: ViewBook;
  readonly self: ViewBook;
  /** How often he was deleted. */
  deletions: number;
}

/** A Watch that the server has to end. */
export interface WatchEnding {
  readonly sessionId: string;
  readonly reason: WatchEndReason;
  readonly mayResume: boolean;
  readonly requirement: string;
}

export interface AppState {
  readonly rules: ModelRules;
  /** Whether the clock stands still, so that times can be judged. */
  readonly timed: boolean;
  nowMs: number;
  readonly users: Map<string, UserState>;
  readonly features: Features;
  /** Rises with each change of switches or friends: cursors from before need not resume. */
  surroundings: number;
  /** Order of logins and refreshes. */
  counter: number;
  epoch: string | undefined;
  /** Not yet seen on the streams. */
  watchEndings: WatchEnding[];
}

export function createApp(rules: ModelRules, timed: boolean, nowMs: number): AppState {
  return {
    rules,
    timed,
    nowMs,
    users: new Map(),
    features: { plan: true, userStatus: true, friendNotifications: false },
    surroundings: 0,
    counter: 0,
    epoch: undefined,
    watchEndings: [],
  };
}

export function addUser(app: AppState, id: string, registered: boolean): UserState {
  const online = registered ? app.rules.never : OnlineStatus.LOGGED_OUT;
  const user: UserState = {
    id,
    registered: registered || !app.rules.claims.has("user_registry"),
    everLoggedIn: false,
    sessions: [],
    ended: [],
    online,
    onlineMs: undefined,
    text: undefined,
    textMs: undefined,
    clearMs: undefined,
    absentMs: undefined,
    rows: new Map(),
    rowEnds: [],
    generations: new Map(),
    friends: new Set(),
    rates: new Map(),
    ratesUnknown: false,
    others: createBook(),
    self: createBook(),
    deletions: 0,
  };
  app.users.set(id, user);
  return user;
}

export function sessionOf(user: UserState, sessionId: string): SessionState | undefined {
  return user.sessions.find(({ id }) => id === sessionId);
}

/** Live or away. */
export function counts({ state }: SessionState): boolean {
  return state !== "lost";
}
