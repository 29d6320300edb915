// What the store asks of Redis: few operations, each atomic in one slot. Made for a server of its own (redis-link.ts) and for tests (fake-redis.ts).

/** Redis can't be reached, or did not answer in time. The operation may or may not have been done. */
export class LinkDown extends Error {}

export interface StoredRecord {
  /** Change number of the last commit, so never the same twice, even after a Redis went on from an older copy. 0: there is none. */
  readonly version: number;
  /** Everything but rows (codec.ts); empty: there is none. */
  readonly status: string;
  /** Rows and ended rows; empty: none, not asked for, or known. */
  readonly rows: string;
  /** Version at which the rows were changed last; 0: never. */
  readonly rowsVersion: number;
}

export interface CasRequest {
  readonly user: string;
  /** Version that it was made from. */
  readonly version: number;
  /** Change numbers of this commit stand in it as -1. */
  readonly status: string;
  /** undefined: as they were. */
  readonly rows: string | undefined;
  /** When something falls due next; undefined: nothing does. */
  readonly dueMs: number | undefined;
  /** Whether those who listen are told. */
  readonly tell: boolean;
  /** The app, where a clock of its own can be moved: it is found there by due time, too. */
  readonly clockOf: string | undefined;
}

/** What is heard on the channel of a user. */
export interface UserMessage {
  readonly version: number;
  readonly status: string;
}

export interface LinkListener {
  /** A record was changed. Messages may be lost, late, or come twice: versions tell. */
  readonly changed: (user: string, message: UserMessage) => void;
  readonly appChanged: (appId: string, state: string) => void;
  /** Another node asks those who have something open of this user. */
  readonly asked: (user: string, question: string) => void;
  readonly answered: (answer: string) => void;
  /** The clock of Redis went back: numbers come that are below those that were told. */
  readonly clockBack: () => void;
  /** A connection is lost. */
  readonly interrupted: () => void;
  /** Messages may have been lost since; listening stands again. */
  readonly resumed: () => void;
}

export interface RedisLink {
  /** Before any other call. */
  listen(listener: LinkListener): void;
  /** Connects; rejects with LinkDown. */
  open(): Promise<void>;
  /** Records in order, and the app's state, which is the newer of the two readings where they race. */
  load(
    appId: string,
    users: readonly string[],
    /** By user: with rows, unless they have this version still (-1: none). undefined: without. */
    rowsKnown?: readonly number[],
  ): Promise<{ app: string; records: StoredRecord[] }>;
  /** Writes, gives the commit its change number, which is the record's new version, and tells. undefined: the record has another version by now. */
  cas(request: CasRequest): Promise<number | undefined>;
  /** Replaces the app's state; its change number stands in it as -1 and is at least `seqAbove` + 1. undefined: it is another by now. */
  casApp(appId: string, before: string, after: string, seqAbove: number): Promise<string | undefined>;
  /** Users of a bucket that are due, who are left alone by others for `leaseMs`. */
  claim(bucket: number, nowMs: number, leaseMs: number, most: number): Promise<string[]>;
  /** Users of an app by due time, at most `untilMs`; with a test clock only. */
  dueOf(appId: string, untilMs: number): Promise<string[]>;
  /** Notes a call, by the time of Redis where none is given, so that nodes agree; refused: the time of the call that must leave the window first. */
  charge(
    key: { readonly user: string; readonly procedure: string },
    rule: { readonly maxCalls: number; readonly windowMs: number },
    nowMs: number | undefined,
  ): Promise<{ readonly nowMs: number; readonly refusedByMs: number | undefined }>;
  /** Settles when messages of this user, or app, will come. */
  subscribeUser(user: string): Promise<void>;
  unsubscribeUser(user: string): void;
  subscribeApp(appId: string): Promise<void>;
  unsubscribeApp(appId: string): void;
  /** Settles when everything that was told before this call has been heard; with a change number: what is committed from now on has a greater one. */
  fence(): Promise<number>;
  /**
   * Looks whether changes that this node knows of are there no more: Redis went on from an older state. Answers the highest number that it knew of then;
   * undefined: nothing is missing.
   */
  lost(): Promise<number | undefined>;
  /** Puts a question to all who listen to the user; answers how many they are. */
  ask(user: string, question: string): Promise<number>;
  answer(node: string, answer: string): Promise<void>;
  /** This node's name, never used before. */
  readonly node: string;
  /** Wall time of Redis in milliseconds, by the last estimate. */
  now(): number;
  close(): Promise<void>;
}
