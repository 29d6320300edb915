// The store of several nodes on one Redis. Each update is a compare-and-set of one record; what is told follows from what stands there (interest.ts).
import { blankRecord, type Change, type CoreContext, type UserRecord } from "../../core/model.ts";
import { refuseBeyondRate } from "../../core/rates.ts";
import { Refused } from "../../core/refused.ts";
import type { Rules } from "../../core/rules.ts";
import { holdLeases } from "../../core/sessions.ts";
import { nextDueMs, settle } from "../../core/settle.ts";
import { endsRows, sameFeatures } from "../features.ts";
import type { Command, Features, ReadPart, Store, StoreClock, StoreListener } from "../store.ts";
import { type AppState, createApps } from "./apps.ts";
import {
  decodeRecord,
  encodeRows,
  encodeStatus,
  numberRecord,
  ownRows,
  pendingSeq,
  type ReadRecord,
  rowsMark,
} from "./codec.ts";
import { createDueRounds } from "./due.ts";
import { createInterest } from "./interest.ts";
import { splitUserKey, userKey } from "./keys.ts";
import { LinkDown, type RedisLink, type StoredRecord } from "./link.ts";
import { createQuestions } from "./questions.ts";
import { createRecovery, retryAfterMs } from "./recovery.ts";
import { createRowsCache } from "./rows-cache.ts";
import { createTurns } from "./turns.ts";

export interface RedisStoreOptions {
  readonly link: RedisLink;
  readonly rules: Rules;
  /** Calls back once after a delay; answers a way to cancel. */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** A fresh epoch: opaque, never the same twice. */
  readonly newEpoch: () => string;
  /** Whether clocks can be moved. */
  readonly testClock: boolean;
  readonly onFault: (fault: unknown) => void;
  /** Told when Redis has lost changes that were answered, or its clock went back: the apps have new epochs now. */
  readonly onLost?: () => void;
}

const nothing: StoredRecord = { version: 0, status: "", rows: "", rowsVersion: 0 };
/** A record that others change all the time is tried so often. */
const triesMax = 50;
/** A reading that changes overtake is made so often. */
const overtakenMax = 5;

/** Connect the link first. */
export function createRedisStore(options: RedisStoreOptions): Store & StoreClock {
  const { link, rules, testClock, onFault, schedule } = options;
  let listener: StoreListener | undefined;
  const turns = createTurns();
  const rowsCache = createRowsCache();
  const apps = createApps({
    link,
    newEpoch: options.newEpoch,
    testClock,
    listener: () => listener,
    // What was lost is newer than what stands.
    onEpoch: (appId) => {
      rowsCache.clear();
      interest.forget(appId);
    },
  });
  // A store that can't be reached loses nothing: who comes next looks again.
  const onTrouble = (fault: unknown): void => {
    if (!(fault instanceof LinkDown) && !(fault instanceof Refused)) onFault(fault);
  };
  const interest = createInterest({
    link,
    rules,
    listener: () => listener,
    refresh: async (user) => {
      const { appId, userId } = splitUserKey(user);
      await readOf(appId, [userId], "all");
    },
    onFault: onTrouble,
  });
  const recovery = createRecovery({ link, apps, interest, schedule, onFault: onTrouble, onLost: options.onLost });

  /** Settles, runs, commits, tells; again if another node came between. What a refused command settled before stays: it was due anyway. */
  const commit = async <T>(appId: string, userId: string, command: Command<T> | undefined): Promise<Committed<T>> => {
    const user = userKey(appId, userId);
    for (let tries = 0; tries < triesMax; tries++) {
      await interest.ready([user]);
      const known = rowsCache.known(user);
      const loaded = await link.load(appId, [user], [known?.version ?? -1]);
      const state = await apps.seen(appId, loaded.app);
      const [stored = nothing] = loaded.records;
      const read = decodeRecord(stored, rowsCache.take(user, stored, known));
      const record = read?.record ?? { ...blankRecord(userId, rules), rowsEra: state.rowsEra };
      ownRows(record);
      const before = { status: encodeStatus(record), rows: rowsMark(record) };
      const done = run(record, apps.nowMs(appId), { state, command });
      const status = encodeStatus(record);
      const rowsChanged = rowsMark(record) !== before.rows;
      const isKept = record.registered || stored.version > 0;
      if (!isKept || (status === before.status && !rowsChanged && done.changes.length === 0)) {
        if (read) await interest.noted(user, read);
        return { ...done, record };
      }
      const dueMs = nextDueMs(record, rules);
      const seq = await link.cas({
        user,
        version: stored.version,
        status,
        rows: rowsChanged ? encodeRows(record) : undefined,
        dueMs: Number.isFinite(dueMs) ? dueMs : undefined,
        tell: done.changes.length > 0,
        clockOf: testClock ? appId : undefined,
      });
      if (seq === undefined) continue;
      numberRecord(record, seq);
      if (rowsChanged) rowsCache.put(user, record, seq);
      await interest.noted(user, { record, version: seq, withRows: true });
      return { ...done, record };
    }
    throw unavailable("this user's record changes all the time");
  };

  const run = <T>(
    record: UserRecord,
    nowMs: number,
    { state, command }: { readonly state: AppState; readonly command: Command<T> | undefined },
  ): Ran<T> => {
    const changes: Change[] = [];
    // A state of the app that was read before the record may be older than what the record has seen.
    const rowsEra = Math.max(state.rowsEra, record.rowsEra);
    const context: CoreContext = { rules, rowsEra, seq: pendingSeq, changes, shared: true };
    settle(record, nowMs, context);
    if (command === undefined) return { changes, answer: undefined as T, refused: undefined };
    let answer = undefined as T;
    let refused: unknown;
    try {
      answer = command(record, nowMs, context);
      settle(record, nowMs, context);
    } catch (thrown) {
      refused = thrown;
    }
    return { changes, answer, refused };
  };

  const settleUser = async (appId: string, userId: string): Promise<Readonly<UserRecord>> =>
    (await turns.take(userKey(appId, userId), () => commit(appId, userId, undefined))).record;

  const readOf = async (
    appId: string,
    ids: readonly string[],
    part: ReadPart,
    tries = 1,
  ): Promise<Readonly<UserRecord>[]> => {
    const users = ids.map((id) => userKey(appId, id));
    await interest.ready(users);
    const withRows = part === "all";
    const known = withRows ? users.map(rowsCache.known) : undefined;
    const versions = known?.map((rows) => rows?.version ?? -1);
    const loaded = await link.load(appId, users, versions);
    const { rowsEra } = await apps.seen(appId, loaded.app);
    const nowMs = apps.nowMs(appId);
    const taking = loaded.records.map((stored, at): Readonly<UserRecord> | Promise<Readonly<UserRecord>> => {
      const [id = "", user = ""] = [ids[at], users[at]];
      const read: ReadRecord | undefined = decodeRecord(stored, known && rowsCache.take(user, stored, known[at]));
      if (read === undefined) return blankRecord(id, rules);
      const isBehind = withRows && read.record.rowsEra < rowsEra;
      if (isBehind || nextDueMs(read.record, rules) <= nowMs) return settleUser(appId, id);
      const told = interest.noted(user, read);
      // Nobody would tell a new Watch what came between. What stays behind was lost by Redis, which is noticed elsewhere.
      if (tries < overtakenMax && interest.isBehind(user, read.version))
        return readOf(appId, [id], part, tries + 1).then(([again]) => again ?? read.record);
      return told === undefined ? read.record : told.then(() => read.record);
    });
    return await Promise.all(taking);
  };

  const due = createDueRounds({ link, schedule, settle: settleUser, onFault: onTrouble });
  const questions = createQuestions({ link, schedule, listener: () => listener, onFault: onTrouble });
  link.listen({
    changed: interest.heard,
    appChanged: (appId, text) => apps.heard(appId, text),
    asked: questions.asked,
    answered: questions.answered,
    clockBack: recovery.clockBack,
    interrupted: recovery.interrupted,
    resumed: recovery.resumed,
  });
  due.start();
  recovery.start();

  return {
    listen: (only) => {
      listener = only;
    },
    now: (appId) => apps.nowMs(appId),
    epoch: (appId) => reached(async () => (await apps.fresh(appId)).epoch),
    deliveredSeq: () => interest.deliveredSeq,
    caughtUp: () => reached(() => interest.catchUp()),
    features: (appId) => reached(async () => (await apps.fresh(appId)).features),
    featuresSeq: (appId) => apps.known(appId)?.featuresSeq ?? 0,
    updateFeatures: (appId, change) =>
      reached(async () => {
        const state = await apps.change(appId, (before) => changedFeatures(before, change, rules));
        return state.features;
      }),
    update: (appId, userId, command) =>
      reached(async () => {
        const done = await turns.take(userKey(appId, userId), () => commit(appId, userId, command));
        if (done.refused !== undefined) throw done.refused;
        return done.answer;
      }),
    read: (appId, userIds, part = "all") => reached(() => readOf(appId, userIds, part)),
    charge: (appId, userId, procedure, rule) =>
      reached(async () => {
        if (apps.known(appId) === undefined) await apps.fresh(appId);
        const user = userKey(appId, userId);
        const { refusedByMs, nowMs } = await link.charge({ user, procedure }, rule, apps.stoppedMs(appId));
        if (refusedByMs !== undefined) refuseBeyondRate(rule, refusedByMs, nowMs);
      }),
    setInterest: interest.set,
    askOthers: (appId, userId, question) => reached(() => questions.ask(userKey(appId, userId), question)),
    stats: () => ({ apps: apps.size, users: interest.size, due: 0 }),
    close: async () => {
      due.stop();
      recovery.stop();
      questions.close();
      await link.close();
    },
    clock: (appId) =>
      reached(async () => {
        const { stoppedAtMs } = await apps.fresh(appId);
        return { nowMs: apps.nowMs(appId), stopped: stoppedAtMs !== null };
      }),
    advance: (appId, ms, holding) =>
      reached(async () => {
        const { stoppedAtMs } = await apps.change(appId, (state) =>
          state.stoppedAtMs === null ? { stoppedAtMs: Math.floor(link.now()) } : undefined,
        );
        const fromMs = stoppedAtMs ?? apps.nowMs(appId);
        const each = async (untilMs: number, work: (userId: string) => Promise<unknown>): Promise<void> => {
          await Promise.all((await link.dueOf(appId, untilMs)).map((user) => work(splitUserKey(user).userId)));
        };
        await each(fromMs, (userId) => settleUser(appId, userId));
        if (holding) {
          const hold: Command<void> = (record) => holdLeases(record, ms);
          await each(Number.MAX_SAFE_INTEGER, (userId) =>
            turns.take(userKey(appId, userId), () => commit(appId, userId, hold)),
          );
        }
        const untilMs = fromMs + ms;
        await apps.change(appId, () => ({ stoppedAtMs: untilMs }));
        // A record settles each of its transitions at its own time, so users need no common order.
        await each(untilMs, (userId) => settleUser(appId, userId));
        return untilMs;
      }),
    changeEpoch: (appId) =>
      reached(
        async () => (await apps.change(appId, () => ({ epoch: options.newEpoch(), epochSeq: pendingSeq }))).epoch,
      ),
  };
}

interface Ran<T> {
  readonly changes: readonly Change[];
  readonly answer: T;
  readonly refused: unknown;
}

interface Committed<T> extends Ran<T> {
  readonly record: Readonly<UserRecord>;
}

/** What a caller is told while Redis is out of reach. */
function unavailable(why: string): Refused {
  return new Refused("STORE_UNAVAILABLE", why, { retryAfterMs });
}

async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LinkDown) throw unavailable("the store can't be reached");
    throw error;
  }
}

function changedFeatures(before: AppState, change: Partial<Features>, rules: Rules): Partial<AppState> | undefined {
  const features: Features = { ...before.features, ...change };
  if (sameFeatures(before.features, features)) return undefined;
  const rowsEra = before.rowsEra + (endsRows(before.features, features, rules) ? 1 : 0);
  return { features, featuresSeq: pendingSeq, rowsEra };
}
