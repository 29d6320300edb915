// A durable store in a directory of its own, with a disk that fails and a process that dies when a test says so.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rules } from "../core/rules.ts";
import type { Batch, Writer } from "../store/embedded/batch.ts";
import { type EmbeddedStoreOptions, type OpenReport, openEmbeddedStore } from "../store/embedded/embedded-store.ts";
import { createGroupWriter } from "../store/embedded/write.ts";
import type { Store, StoreClock } from "../store/store.ts";
import { createFakeWall, type FakeWall } from "./fake-wall.ts";

export interface EmbeddedBench {
  readonly wall: FakeWall;
  readonly store: Store & StoreClock;
  readonly found: () => OpenReport | undefined;
  readonly directory: () => string;
  /** What was told of failing writes: the reasons, and "" when they worked again. */
  readonly told: readonly string[];
  /** Every write from now on fails with this; undefined: none does. */
  failWith: string | undefined;
  /** What fails is found on the disk later all the same, as may be after a crash where a sync failed. */
  reachesDisk: boolean;
  /** No group is written until this is false again: then the one that waits is. */
  stall: (stalled: boolean) => void;
  /** The process dies here, and another one opens what is on disk: the files of `from`, or its own, after `change`. */
  readonly crash: (
    options?: Partial<EmbeddedStoreOptions>,
    disk?: { readonly from?: string; readonly change?: () => void },
  ) => void;
  /** Opens another directory. */
  readonly openAt: (directory: string) => void;
  /** The process ends well, and another one opens what is on disk. */
  readonly restart: (options?: Partial<EmbeddedStoreOptions>) => Promise<void>;
  /** Ends the store, well, and leaves its directory for a look. */
  readonly close: () => Promise<void>;
  readonly remove: () => void;
}

export function createEmbeddedBench(rules: Rules, more: Partial<EmbeddedStoreOptions> = {}): EmbeddedBench {
  const wall = createFakeWall();
  const made: string[] = [];
  const told: string[] = [];
  let epochs = 0;
  let store: Store & StoreClock;
  let found: OpenReport | undefined;
  let directory = newDirectory(made);
  let stalled: (() => void)[] | undefined;

  const createWriter = (file: string): Writer => {
    const writer = createGroupWriter(file);
    const open = stalledBy(() => stalled);
    return {
      write: async (batch: Batch) => {
        await open();
        if (bench.failWith === undefined) return writer.write(batch);
        // Unseen by readers at first, as it is then.
        if (bench.reachesDisk) setImmediate(() => writer.write(batch));
        throw new Error(bench.failWith);
      },
      close: async () => writer.close(),
    };
  };
  const open = (options: Partial<EmbeddedStoreOptions> = {}): void => {
    store = openEmbeddedStore({
      rules,
      directory,
      testClock: true,
      wallNow: wall.now,
      schedule: wall.schedule,
      newEpoch: () => `epoch-${++epochs}`,
      defer: setImmediate,
      onRefusing: (_refusing, why) => told.push(why),
      onLost: (fault) => {
        throw fault;
      },
      onOpened: (report) => {
        found = report;
      },
      createWriter,
      lockPatienceMs: 0,
      ...more,
      ...options,
    });
    store.listen({ committed: () => {}, featuresChanged: () => {}, epochChanged: () => {} });
  };
  const bench: EmbeddedBench = {
    wall,
    get store() {
      return store;
    },
    found: () => found,
    directory: () => directory,
    told,
    failWith: undefined,
    reachesDisk: false,
    stall: (on) => {
      const waiting = stalled;
      stalled = on ? (waiting ?? []) : undefined;
      if (!on) for (const go of waiting ?? []) go();
    },
    openAt: (at) => {
      directory = at;
      open();
    },
    crash: (options, { from = directory, change = () => {} } = {}) => {
      directory = newDirectory(made);
      // What a process had written when it died is what another one finds: its files, as they are at this moment.
      cpSync(from, directory, { recursive: true });
      change();
      stalled = undefined;
      open(options);
    },
    restart: async (options) => {
      await store.close();
      open(options);
    },
    close: async () => store.close(),
    remove: () => {
      for (const dir of made) rmSync(dir, { recursive: true, force: true });
    },
  };
  open();
  return bench;
}

function newDirectory(made: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "userstatus-store-"));
  made.push(directory);
  return directory;
}

function stalledBy(stalled: () => (() => void)[] | undefined): () => Promise<void> {
  return async () => {
    const queue = stalled();
    if (queue) await new Promise<void>((go) => queue.push(go));
  };
}

/** Waits until everything that was committed is on disk. */
export async function kept(store: Store): Promise<void> {
  await store.settled?.();
}
