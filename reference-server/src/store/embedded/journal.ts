// Keeps the changes of a store on disk. The store goes on in memory, and what leaves the process (answers, frames) is held until everything that was
// committed before it is durable: nobody outside ever sees what a crash could take back. See docs/decisions/0008-embedded-store.md.
import type { UserRecord } from "../../core/model.ts";
import { Refused } from "../../core/refused.ts";
import type { Rules } from "../../core/rules.ts";
import type { Journal, JournalHost } from "../journal.ts";
import type { AppData } from "../memory/app-data.ts";
import { emptyBatch, type Writer } from "./batch.ts";
import { newWaiting, noteChanges, putApp, putUser, type Waiting } from "./changes.ts";
import { createHeld } from "./held.ts";
import type { Numbers } from "./numbers.ts";
import type { Restorer } from "./restore.ts";
import { holdLeases, suspect } from "./user-data.ts";

export interface JournalOptions {
  readonly rules: Rules;
  readonly writer: Writer;
  readonly apps: readonly AppData[];
  readonly numbers: { readonly apps: Numbers<AppData>; readonly users: Numbers<UserRecord> };
  readonly restorer: Restorer;
  /** Runs something when what is due now has run: what comes in one turn is written as one group. */
  readonly defer: (run: () => void) => void;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** Told when writes begin to fail, and when they work again. */
  readonly onRefusing: (refusing: boolean, why: string) => void;
  /** What was kept can't be read when it is needed: the process can't go on. */
  readonly onLost: (fault: unknown) => void;
  /** Called when everything is written and the writer is closed. */
  readonly onClosed: () => void;
  /** Most records that may wait; beyond it calls are refused. Default 50,000. */
  readonly waitingMax?: number;
}

interface Group {
  readonly users: ReadonlyMap<UserRecord, Waiting>;
  readonly apps: ReadonlySet<AppData>;
}

/** Most records, and about the most rows, of one group: so much is made into cells in one turn. */
const groupUsersMax = 1_000;
const groupRowsMax = 20_000;
const retryMs = 1_000;

export function createJournal(options: JournalOptions): Journal {
  const { rules, writer, numbers, restorer } = options;
  const waitingMax = options.waitingMax ?? 50_000;
  const held = createHeld();
  let waiting = new Map<UserRecord, Waiting>();
  let waitingApps = new Set<AppData>();
  /** What is being written. */
  let group: Group | undefined;
  let groups = 0;
  let refusing = false;
  let queued = false;
  let cancelRetry: (() => void) | undefined;
  let whenIdle: (() => void)[] = [];
  let host: JournalHost | undefined;

  const noted = (): void => {
    held.noted();
    if (queued || group !== undefined || cancelRetry !== undefined) return;
    queued = true;
    options.defer(() => {
      queued = false;
      writeGroup();
    });
  };

  const writeGroup = (): void => {
    if (group !== undefined || cancelRetry !== undefined) return;
    if (waiting.size === 0 && waitingApps.size === 0 && !refusing) {
      idle();
      return;
    }
    const taken = take();
    group = taken.group;
    writer.write(taken.batch).then(() => written(taken.upTo), failed);
  };

  /** The records that have waited longest, as they are now. `upTo`: with them, everything up to this change is written. */
  const take = () => {
    const batch = emptyBatch(refusing);
    const users = new Map<UserRecord, Waiting>();
    for (const app of waitingApps) putApp(batch, numbers.apps.of(app), app);
    for (const [record, of] of waiting) {
      if (users.size >= groupUsersMax || batch.rows.length >= groupRowsMax * 8) break;
      putUser(batch, { app: numbers.apps.of(of.app), user: numbers.users.of(record) }, record, of);
      users.set(record, of);
      waiting.delete(record);
    }
    const apps = waitingApps;
    waitingApps = new Set();
    // Whoever still waits was changed first at this number or later: all earlier changes are of records in this group.
    const first = waiting.values().next().value;
    return { batch, upTo: first === undefined ? held.last : first.firstChange - 1, group: { users, apps } };
  };

  const written = (upTo: number): void => {
    group = undefined;
    groups++;
    held.durable(upTo);
    if (refusing && waiting.size === 0 && waitingApps.size === 0) acceptAgain();
    writeGroup();
  };

  const failed = (error: unknown): void => {
    const failedGroup = group;
    group = undefined;
    if (!refusing && !undo(failedGroup ?? { users: new Map(), apps: new Set() }, error)) return;
    // Whether a group that failed shows after a crash is the disk's secret: what it holds is written whole before anything else is.
    const again = new Map<UserRecord, Waiting>();
    for (const [record, of] of failedGroup?.users ?? []) again.set(record, newWaiting(of.app, held.last, true));
    for (const [record, of] of waiting) if (!again.has(record)) again.set(record, of);
    waiting = again;
    waitingApps = new Set([...(failedGroup?.apps ?? []), ...waitingApps]);
    cancelRetry = options.schedule(retryMs, () => {
      cancelRetry = undefined;
      writeGroup();
    });
    idle();
  };

  /** Takes memory back to what is on disk: those who wait are refused, and what nobody was told never was. */
  const undo = (inGroup: Group, error: unknown): boolean => {
    refusing = true;
    const undone = new Map([...inGroup.users, ...waiting]);
    try {
      for (const app of new Set([...inGroup.apps, ...waitingApps])) restorer.app(app);
      for (const [record, of] of undone) restorer.user(of.app, record);
    } catch (fault) {
      options.onLost(fault);
      return false;
    }
    waiting = new Map();
    for (const app of host?.apps.values() ?? []) for (const record of app.users.values()) holdLeases(record);
    for (const [record, { app }] of undone) if (app.users.get(record.userId) === record) host?.arm(app, record);
    options.onRefusing(true, error instanceof Error ? error.message : String(error));
    held.undone();
    host?.undone();
    return true;
  };

  const acceptAgain = (): void => {
    refusing = false;
    held.durable(held.last);
    for (const app of host?.apps.values() ?? []) {
      const nowMs = host?.now(app) ?? 0;
      for (const record of app.users.values()) {
        suspect(record, nowMs, rules);
        host?.arm(app, record);
      }
    }
    options.onRefusing(false, "");
  };

  const idle = (): void => {
    for (const told of whenIdle.splice(0)) told();
  };

  const refusal = (): Refused =>
    new Refused("STORE_UNAVAILABLE", "changes can't be kept at the moment", { retryAfterMs: retryMs });

  return {
    begin: (of) => {
      host = of;
      return options.apps;
    },
    get refusing() {
      return refusing;
    },
    refusal,
    admit: () => {
      if (waiting.size + (group?.users.size ?? 0) >= waitingMax) throw refusal();
    },
    committed: (app, record, changes) => {
      let of = waiting.get(record);
      if (of === undefined) {
        of = newWaiting(app, held.last + 1);
        waiting.set(record, of);
      }
      noteChanges(of, changes, app.seq);
      noted();
    },
    appChanged: (app) => {
      waitingApps.add(app);
      noted();
    },
    held: holdLeases,
    settled: () => (refusing ? undefined : held.settled(refusal)),
    hold: (release) => !refusing && held.hold(release),
    stats: () => ({ waiting: waiting.size + (group?.users.size ?? 0), groups, refusing }),
    close: async () => {
      while (!refusing && (group !== undefined || waiting.size > 0 || waitingApps.size > 0)) {
        await new Promise<void>((resolve) => whenIdle.push(resolve));
      }
      cancelRetry?.();
      whenIdle = [];
      await writer.close();
      options.onClosed();
    },
  };
}
