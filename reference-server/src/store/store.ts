// What the services ask of a store. Everything of one user changes in one atomic update of one record; nothing spans two records.
import type { SelfStatus, UserStatus } from "@userstatus/protocol";
import type { Change, CoreContext, UserRecord } from "../core/model.ts";
import type { RateRule } from "../core/rules.ts";
import type { JournalStats } from "./journal.ts";

/** The plan and switches of an app. */
export interface Features {
  readonly plan: boolean;
  readonly userStatus: boolean;
  readonly friendNotifications: boolean;
}

/** A committed change of one record, as it is told to those who are interested in that user. */
export interface Commit {
  readonly appId: string;
  readonly userId: string;
  /** Change number in the app: rises with every commit. */
  readonly seq: number;
  readonly changes: readonly Change[];
  /** How others see him now. */
  readonly status: UserStatus;
  readonly statusSeq: number;
  /** How he sees himself now. */
  readonly self: SelfStatus;
  /** His record, for reading only: rows and friends of a watcher. */
  readonly record: Readonly<UserRecord>;
}

/** What a store tells the node that runs it. Called in commit order per user, synchronously with the commit where the store is local. */
export interface StoreListener {
  readonly committed: (commit: Commit) => void;
  readonly featuresChanged: (appId: string, before: Features, after: Features) => void;
  readonly epochChanged: (appId: string, epoch: string) => void;
  /** A user's changes can't be told one by one any more: his Watches end with RESYNC, and his clients come back. */
  readonly lost?: (appId: string, userId: string) => void;
  /** Another node asks for something of a Watch: the answer; undefined: there is none here. */
  readonly asked?: (appId: string, userId: string, question: WatchQuestion) => Promise<WatchAnswer | undefined>;
  /** Changes that were told could not be kept, and were undone: nothing of them may leave. */
  readonly undone?: () => void;
}

/** Sync, called on one node, of a Watch on another. */
export interface WatchQuestion {
  readonly sessionId: string;
  readonly marker: string;
}

export type WatchAnswer =
  | "done"
  | { readonly reason: string; readonly message: string; readonly retryAfterMs?: number };

/** A command on one record: it refuses by throwing before it changes anything, else changes the record it is given. */
export type Command<T> = (record: UserRecord, nowMs: number, context: CoreContext) => T;

/** `status`: the rows of these records are not looked at, and may be missing. */
export type ReadPart = "all" | "status";

export interface Store {
  /** Sets the one listener; before any other call. */
  listen(listener: StoreListener): void;
  /** The app's time in milliseconds. */
  now(appId: string): number;
  /** Epoch of the app's data. */
  epoch(appId: string): Promise<string>;
  /** Everything up to this change number has been told to the listener. */
  deliveredSeq(appId: string): number;
  features(appId: string): Promise<Features>;
  /** Changes switches; `seq` of the change is the app's from then on. */
  updateFeatures(appId: string, change: Partial<Features>): Promise<Features>;
  /** Change number of the last change of switches: older cursors get RESET. */
  featuresSeq(appId: string): number;
  /**
   * Atomic: settles the record, runs the command, commits, tells. `tidies`: it does what any reader would do as well, and again if it got lost; so it
   * is not refused where changes can't be kept.
   */
  update<T>(appId: string, userId: string, command: Command<T>, tidies?: boolean): Promise<T>;
  /** Settled records, in the order asked for; a blank one for a user of whom nothing is known. For reading only. */
  read(appId: string, userIds: readonly string[], part?: ReadPart): Promise<Readonly<UserRecord>[]>;
  /** Counts a call of a user against a rate; refuses with RATE_LIMITED. */
  charge(appId: string, userId: string, procedure: string, rule: RateRule): Promise<void>;
  /** Whether commits of this user are to be told here; `own`: to Watches of himself, too. Local stores tell all. */
  setInterest(appId: string, userId: string, wanted: boolean, own: boolean): void;
  /** `due`: entries that wait for their time. */
  stats(): { apps: number; users: number; due: number };
  /** Where several nodes share a store: moves `deliveredSeq` beyond all that was committed before, on whichever. */
  readonly caughtUp?: (() => Promise<void>) | undefined;
  /** The same: asks the other nodes. undefined: none has it. */
  readonly askOthers?:
    | ((appId: string, userId: string, question: WatchQuestion) => Promise<WatchAnswer | undefined>)
    | undefined;
  /** Answers when what waits is kept. */
  close(): void | Promise<void>;
  /**
   * A store that keeps its changes has these; without them nothing is kept, and nothing has to wait. Answers and frames leave only when what was
   * committed before them is durable: waits for that; undefined: it is. Rejects with STORE_UNAVAILABLE if it was undone.
   */
  readonly settled?: (() => Promise<void> | undefined) | undefined;
  /** The same without a promise. false: all is durable. true: `release` is called once, and told whether it became durable or was undone. */
  readonly hold?: ((release: (durable: boolean) => void) => boolean) | undefined;
  readonly keeping?: (() => JournalStats) | undefined;
}

export interface ClockReading {
  readonly nowMs: number;
  readonly stopped: boolean;
}

/** What a store with a test clock can do beside (SPEC §18). */
export interface StoreClock {
  clock(appId: string): Promise<ClockReading>;
  /** Stops the clock, moves it, and answers when every transition on the way is committed in due order. */
  advance(appId: string, ms: number, holdLeases: boolean): Promise<number>;
  /** A new epoch, as after a loss of revisions. */
  changeEpoch(appId: string): Promise<string>;
}
