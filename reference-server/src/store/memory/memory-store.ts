// The store of one process, in memory. Each update runs to its end before the next, so atomicity is by construction. A journal keeps its changes,
// where there is one.
import { blankRecord, type Change, type CoreContext, type UserRecord } from "../../core/model.ts";
import { admit } from "../../core/rates.ts";
import type { Rules } from "../../core/rules.ts";
import { holdLeases } from "../../core/sessions.ts";
import { nextDueMs, settle } from "../../core/settle.ts";
import { endsRows, sameFeatures } from "../features.ts";
import type { Journal } from "../journal.ts";
import type { Command, Features, Store, StoreClock, StoreListener } from "../store.ts";
import { commitOf } from "../told.ts";
import { type AppData, createAppData } from "./app-data.ts";

export interface MemoryStoreOptions {
  readonly rules: Rules;
  /** Wall clock in milliseconds since 1970. */
  readonly wallNow: () => number;
  /** Calls back once after a delay; answers a way to cancel. */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** A fresh epoch: opaque, never the same twice. */
  readonly newEpoch: () => string;
  /** Keeps changes; without one nothing is kept. */
  readonly journal?: Journal | undefined;
}

/** Timers longer than this are armed in stretches: platforms cut longer ones to nothing. */
const timerMaxMs = 2 ** 31 - 1;

export function createMemoryStore(options: MemoryStoreOptions): Store & StoreClock {
  const { rules, journal } = options;
  const apps = new Map<string, AppData>();
  let listener: StoreListener | undefined;
  let closed = false;

  const appOf = (appId: string): AppData => {
    let app = apps.get(appId);
    if (!app) {
      app = createAppData(appId, options.newEpoch());
      apps.set(appId, app);
      journal?.appChanged(app);
    }
    return app;
  };
  const nowOf = (app: AppData): number => app.stoppedAtMs ?? Math.max(app.floorMs, Math.floor(options.wallNow()));

  /** Settles, runs, commits, tells. What a refused command settled before stays: it was due anyway. */
  const commit = <T>(
    app: AppData,
    record: UserRecord,
    nowMs: number,
    command: Command<T> | undefined,
  ): T | undefined => {
    const changes: Change[] = [];
    const context: CoreContext = { rules, rowsEra: app.rowsEra, seq: app.seq + 1, changes };
    const wasRegistered = record.registered;
    try {
      settle(record, nowMs, context);
      const answer = command?.(record, nowMs, context);
      // What the command armed for this very instant (a link lost without grace) is part of its change.
      if (command) settle(record, nowMs, context);
      return answer;
    } finally {
      // Only a command that made something of him keeps a user: strangers cost nothing.
      if (record.registered) app.users.set(record.userId, record);
      if (changes.length > 0) app.seq = context.seq;
      if (journal && (changes.length > 0 || record.registered !== wasRegistered)) {
        journal.committed(app, record, changes);
      }
      if (changes.length > 0) tell(app, record, changes);
      arm(app, record);
    }
  };

  /** While nothing can be kept: a command that changes nothing that is kept (a heartbeat) is run, any other undone and refused. */
  const tryCommand = <T>(
    app: AppData,
    record: UserRecord,
    nowMs: number,
    command: Command<T>,
    { held, refusal }: Journal,
  ): T => {
    commit(app, record, nowMs, undefined);
    const before = structuredClone(record);
    const changes: Change[] = [];
    const context: CoreContext = { rules, rowsEra: app.rowsEra, seq: app.seq + 1, changes };
    const answer = command(record, nowMs, context);
    settle(record, nowMs, context);
    if (changes.length > 0 || record.registered !== before.registered) {
      Object.assign(record, before);
      throw refusal();
    }
    held(record);
    return answer;
  };

  const tell = (app: AppData, record: UserRecord, changes: readonly Change[]): void => {
    listener?.committed(commitOf({ appId: app.appId, seq: app.seq, changes, record }, rules));
  };

  /** A user stands in the heap at most once early enough; a later due time waits until the earlier entry comes up. */
  const arm = (app: AppData, record: UserRecord): void => {
    const dueMs = nextDueMs(record, rules);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    if (dueMs >= (app.scheduled.get(record.userId) ?? Number.POSITIVE_INFINITY)) return;
    app.scheduled.set(record.userId, dueMs);
    app.due.push({ dueMs, userId: record.userId });
    // An earlier due time leaves the later entry behind: at most every second one is stale.
    if (app.due.size > 2 * app.scheduled.size + 64) app.due.rebuild(app.scheduled);
    armTimer(app);
  };

  const armTimer = (app: AppData): void => {
    const next = app.due.peek();
    if (closed || app.stoppedAtMs !== null || next === undefined) return;
    if (app.timer && app.timer.dueMs <= next.dueMs) return;
    app.timer?.cancel();
    const delayMs = Math.min(timerMaxMs, Math.max(0, next.dueMs - options.wallNow()));
    const cancel = options.schedule(delayMs, () => {
      app.timer = null;
      settleDue(app, nowOf(app));
      armTimer(app);
    });
    app.timer = { cancel, dueMs: next.dueMs };
  };

  /** Settles the earliest user that is due by `untilMs`; false: nobody is. */
  const settleNext = (app: AppData, untilMs: number, nowMs: (dueMs: number) => number): boolean => {
    const next = app.due.peek();
    if (next === undefined || next.dueMs > untilMs) return false;
    app.due.pop();
    if (app.scheduled.get(next.userId) !== next.dueMs) return true;
    app.scheduled.delete(next.userId);
    const record = app.users.get(next.userId);
    if (record) commit(app, record, nowMs(next.dueMs), undefined);
    return true;
  };
  const settleDue = (app: AppData, nowMs: number): void => {
    while (settleNext(app, nowMs, () => nowMs));
  };

  const refuseWhileRefusing = (): void => {
    if (journal?.refusing) throw journal.refusal();
  };

  if (journal) {
    const undone = (): void => {
      for (const app of apps.values()) armTimer(app);
      listener?.undone?.();
    };
    for (const app of journal.begin({ apps, now: nowOf, arm, undone })) {
      apps.set(app.appId, app);
      for (const record of app.users.values()) arm(app, record);
    }
  }

  const store: Store & StoreClock = {
    listen: (only) => {
      listener = only;
    },
    now: (appId) => nowOf(appOf(appId)),
    epoch: async (appId) => appOf(appId).epoch,
    deliveredSeq: (appId) => appOf(appId).seq,
    features: async (appId) => appOf(appId).features,
    featuresSeq: (appId) => appOf(appId).featuresSeq,
    updateFeatures: async (appId, change) => {
      refuseWhileRefusing();
      const app = appOf(appId);
      const before = app.features;
      const after: Features = { ...before, ...change };
      if (sameFeatures(before, after)) return before;
      if (endsRows(before, after, rules)) app.rowsEra++;
      app.features = after;
      app.featuresSeq = ++app.seq;
      journal?.appChanged(app);
      listener?.featuresChanged(appId, before, after);
      return after;
    },
    update: async (appId, userId, command, tidies = false) => {
      const app = appOf(appId);
      const known = app.users.get(userId);
      const record = known ?? blankRecord(userId, rules);
      if (!known) record.rowsEra = app.rowsEra;
      if (journal && !tidies) {
        if (journal.refusing) return tryCommand(app, record, nowOf(app), command, journal);
        journal.admit();
      }
      return commit(app, record, nowOf(app), command) as ReturnType<typeof command>;
    },
    read: async (appId, userIds) => {
      const app = appOf(appId);
      const nowMs = nowOf(app);
      // What is due first is never later than what is due of any user.
      const isSomethingDue = (app.due.peek()?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs;
      return userIds.map((userId) => {
        const record = app.users.get(userId);
        if (!record) return blankRecord(userId, rules);
        if (record.rowsEra !== app.rowsEra || (isSomethingDue && nextDueMs(record, rules) <= nowMs))
          commit(app, record, nowMs, undefined);
        return record;
      });
    },
    charge: async (appId, userId, procedure, rule) => {
      const app = appOf(appId);
      const key = `${procedure} ${userId}`;
      const log = app.rateLogs.get(key) ?? [];
      // Refused calls are not charged, and here it is not known yet which ones change something: while refusing none is.
      admit(journal?.refusing ? [...log] : log, rule, nowOf(app));
      app.rateLogs.set(key, log);
    },
    setInterest: () => {},
    stats: () => {
      let users = 0;
      let due = 0;
      for (const app of apps.values()) {
        users += app.users.size;
        due += app.due.size;
      }
      return { apps: apps.size, users, due };
    },
    close: () => {
      closed = true;
      for (const app of apps.values()) app.timer?.cancel();
      return journal?.close();
    },
    ...(journal && { settled: journal.settled, hold: journal.hold, keeping: journal.stats }),
    clock: async (appId) => {
      const app = appOf(appId);
      return { nowMs: nowOf(app), stopped: app.stoppedAtMs !== null };
    },
    advance: async (appId, ms, holdLeases) => {
      refuseWhileRefusing();
      const app = appOf(appId);
      const fromMs = nowOf(app);
      // What was due before the clock stopped is settled before it moves.
      settleDue(app, fromMs);
      app.timer?.cancel();
      app.timer = null;
      app.stoppedAtMs = fromMs;
      const untilMs = fromMs + ms;
      if (holdLeases) holdAllLeases(app, ms);
      while (
        settleNext(app, untilMs, (dueMs) => {
          app.stoppedAtMs = Math.max(app.stoppedAtMs ?? 0, dueMs);
          return app.stoppedAtMs;
        })
      );
      app.stoppedAtMs = untilMs;
      journal?.appChanged(app);
      return untilMs;
    },
    changeEpoch: async (appId) => {
      refuseWhileRefusing();
      const app = appOf(appId);
      app.epoch = options.newEpoch();
      journal?.appChanged(app);
      listener?.epochChanged(appId, app.epoch);
      return app.epoch;
    },
  };
  return store;
}

/** Live sessions keep what is left of their lease over a step of the test clock. */
function holdAllLeases(app: AppData, ms: number): void {
  for (const record of app.users.values()) holdLeases(record, ms);
}
