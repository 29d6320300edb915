// How the store of one process has its changes kept on disk. Without a journal (`--data :memory:`) nothing is kept, and nothing waits.
import type { Change, UserRecord } from "../core/model.ts";
import type { Refused } from "../core/refused.ts";
import type { AppData } from "./memory/app-data.ts";

/** What a journal is given of the store that it serves. */
export interface JournalHost {
  readonly apps: ReadonlyMap<string, AppData>;
  /** The app's time in milliseconds. */
  readonly now: (app: AppData) => number;
  /** Has timers look at this record again. */
  readonly arm: (app: AppData, record: UserRecord) => void;
  /** Records went back to what is on disk: what listeners were told and have not passed on must not leave. */
  readonly undone: () => void;
}

export interface Journal {
  /** The apps as they were kept; once, before anything else. */
  begin(host: JournalHost): readonly AppData[];
  /** Changes can't be kept at the moment: only what changes nothing that is kept may be done. */
  readonly refusing: boolean;
  /** What a call is told that would change something meanwhile. */
  refusal(): Refused;
  /** Refuses if too much waits to be written already. */
  admit(): void;
  /** Notes that this record was changed; what is written is what it holds when its turn comes. */
  committed(app: AppData, record: UserRecord, changes: readonly Change[]): void;
  /** Notes that something of the app itself was changed: switches, epoch, clock. */
  appChanged(app: AppData): void;
  /** While refusing: signs of life can't be told from silence any more, so nobody is lost by silence. */
  held(record: UserRecord): void;
  /** Waits until everything noted so far is durable; undefined: it is. Rejects with the refusal if it was undone instead. */
  settled(): Promise<void> | undefined;
  /**
   * The same without a promise. false: all is durable, and `release` will not be called. true: it is called once, and told whether what was noted by
   * now became durable, or was undone.
   */
  hold(release: (durable: boolean) => void): boolean;
  stats(): JournalStats;
  /** Writes what waits, and closes. */
  close(): Promise<void>;
}

export interface JournalStats {
  /** Records that wait to be written, or are being written. */
  readonly waiting: number;
  /** Groups written since the start. */
  readonly groups: number;
  readonly refusing: boolean;
}
