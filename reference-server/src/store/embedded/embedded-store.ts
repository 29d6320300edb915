// The durable store of one process: the store in memory, with its changes kept in a SQLite file in a directory of its own.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { UserRecord } from "../../core/model.ts";
import type { AppData } from "../memory/app-data.ts";
import { createMemoryStore, type MemoryStoreOptions } from "../memory/memory-store.ts";
import type { Store, StoreClock } from "../store.ts";
import type { Writer } from "./batch.ts";
import { FormatError, migrate, migrations } from "./format.ts";
import { createJournal } from "./journal.ts";
import { type Loaded, loadApps } from "./load.ts";
import { lockFile } from "./lock.ts";
import { inspectLog, type LogTail } from "./log-tail.ts";
import { createNumbers } from "./numbers.ts";
import { createReader } from "./reader.ts";
import { createRestorer } from "./restore.ts";

export interface EmbeddedStoreOptions extends Omit<MemoryStoreOptions, "journal"> {
  /** Made where it is missing. One server at a time. */
  readonly directory: string;
  /** Every app gets a new epoch: what is there may be older than what clients know. Default: false. */
  readonly newEpochs?: boolean;
  /** Whether the clocks of apps may stand still. */
  readonly testClock: boolean;
  readonly defer: (run: () => void) => void;
  /** Writes began to fail, or work again. */
  readonly onRefusing: (refusing: boolean, why: string) => void;
  /** What was kept can neither be read nor written any more: end the process. */
  readonly onLost: (fault: unknown) => void;
  /** Told once, of what was found. */
  readonly onOpened?: (found: OpenReport) => void;
  readonly createWriter: (file: string, onFault: (fault: unknown) => void) => Writer;
  /** Most records that may wait to be written. Default 50,000. */
  readonly waitingMax?: number;
  /** How long a server that is just ending is waited for. Default: 2 s. */
  readonly lockPatienceMs?: number;
}

export interface OpenReport {
  readonly users: number;
  readonly subscriptions: number;
  readonly tookMs: number;
  /** Bytes at the end of the log that a crash left torn. They were never acknowledged, and are dropped. */
  readonly tornBytes: number;
  /** Format that was found; 0: the store is new. */
  readonly foundFormat: number;
  readonly profileChanged: boolean;
}

/** The directory can't be used. The message is one line, for the operator. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
}

const fileName = "userstatus.db";

/** Opens, or makes, the store. Throws StoreOpenError, and leaves nothing open. */
export function openEmbeddedStore(options: EmbeddedStoreOptions): Store & StoreClock {
  const startedMs = performance.now();
  const { directory, rules } = options;
  const file = join(directory, fileName);
  const opened: (() => void)[] = [];
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    opened.push(lockDirectory(directory, options.lockPatienceMs ?? 2_000));
    const tail = readTail(`${file}-wal`);
    const db = new DatabaseSync(file);
    opened.push(() => db.close());
    const foundFormat = prepareFile(db);
    const numbers = { apps: createNumbers<AppData>(), users: createNumbers<UserRecord>() };
    const reader = createReader(db, rules);
    const loaded = loadApps({ ...options, reader, numbers });
    db.prepare("INSERT OR REPLACE INTO meta VALUES ('profile', ?)").run(loaded.profileKey);
    const journal = createJournal({
      ...options,
      apps: loaded.apps,
      numbers,
      restorer: createRestorer(reader, numbers, rules),
      writer: options.createWriter(file, options.onLost),
      onClosed: () => {
        for (const close of opened.reverse()) close();
      },
    });
    const store = createMemoryStore({ ...options, journal });
    if (loaded.newEpochs) for (const app of loaded.apps) journal.appChanged(app);
    options.onOpened?.(reportOf(loaded, tail, foundFormat, performance.now() - startedMs));
    return store;
  } catch (error) {
    for (const close of opened.reverse()) close();
    throw asOpenError(error, directory);
  }
}

function lockDirectory(directory: string, patienceMs: number): () => void {
  try {
    return lockFile(join(directory, "userstatus.lock"), patienceMs);
  } catch (error) {
    if (codeOf(error) !== sqliteBusy) throw error;
    throw new StoreOpenError(`Another server uses ${directory}: each needs a directory of its own (--data)`);
  }
}

/** Whether the log ends torn, before SQLite drops that end without a word. */
function readTail(path: string): LogTail {
  let log: Uint8Array;
  try {
    log = readFileSync(path);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return inspectLog(new Uint8Array());
    throw error;
  }
  const tail = inspectLog(log);
  if (tail.damaged) throw new FormatError(`its log ${path} is damaged within what was acknowledged`);
  return tail;
}

function prepareFile(db: DatabaseSync): number {
  // Holds for a new file only, and before its first table.
  db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  const found = migrate(db, migrations);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  return found;
}

function reportOf(loaded: Loaded, tail: LogTail, foundFormat: number, tookMs: number): OpenReport {
  const { users, rows, profileChanged } = loaded;
  return { users, subscriptions: rows, tookMs, tornBytes: tail.tornBytes, foundFormat, profileChanged };
}

const sqliteBusy = 5;
const sqliteReasons: Readonly<Record<number, string>> = {
  8: "it can't be written",
  11: "it is damaged",
  13: "the disk is full",
  14: "it can't be opened",
  26: "it is no SQLite file",
};

function codeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

function asOpenError(error: unknown, directory: string): unknown {
  if (error instanceof StoreOpenError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const system = (error as { code?: unknown }).code;
  if (code === undefined && !(error instanceof FormatError) && typeof system !== "string") return error;
  const why = (code === undefined ? undefined : sqliteReasons[code]) ?? error.message;
  return new StoreOpenError(`Can't use ${join(directory, fileName)} (--data): ${why}`, { cause: error });
}
