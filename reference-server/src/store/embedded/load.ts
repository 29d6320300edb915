// Builds the apps of a store from what was kept.
import { createHash } from "node:crypto";
import { toJsonString } from "@bufbuild/protobuf";
import { type Profile, ProfileSchema } from "@userstatus/protocol";
import type { UserRecord } from "../../core/model.ts";
import type { Rules } from "../../core/rules.ts";
import { type AppData, createAppData } from "../memory/app-data.ts";
import { FormatError } from "./format.ts";
import type { Numbers } from "./numbers.ts";
import type { Reader } from "./reader.ts";
import { suspect } from "./user-data.ts";

export interface LoadOptions {
  readonly reader: Reader;
  readonly numbers: { readonly apps: Numbers<AppData>; readonly users: Numbers<UserRecord> };
  readonly rules: Rules;
  readonly wallNow: () => number;
  readonly newEpoch: () => string;
  readonly newEpochs?: boolean;
  /** Whether clocks that stood still stand on. Else such an app's time waits until the wall clock has caught up. */
  readonly testClock: boolean;
}

export interface Loaded {
  readonly apps: AppData[];
  readonly users: number;
  readonly rows: number;
  /** Another profile shows other things under the same revisions: every app has a new epoch. */
  readonly profileChanged: boolean;
  readonly newEpochs: boolean;
  /** Names the present profile. */
  readonly profileKey: string;
}

/**
 * Change numbers that each start leaves out: numbers that were given out before a crash and not kept (in cursors, of changes that follow from time
 * alone) are never used again. 2^53 has room for two million starts.
 */
const seqGap = 2 ** 32;

export function loadApps(options: LoadOptions): Loaded {
  const { reader, numbers, rules } = options;
  const profileKey = keyOf(rules.profile);
  const keptKey = reader.meta("profile");
  const profileChanged = keptKey !== undefined && keptKey !== profileKey;
  const newEpochs = profileChanged || options.newEpochs === true;
  const byNumber = new Map<number, AppData>();
  for (const { appNo, appId, kept } of reader.apps()) {
    const app = createAppData(appId, newEpochs ? options.newEpoch() : kept.epoch);
    const { seq, features, featuresSeq, rowsEra } = kept;
    const clock = options.testClock
      ? { stoppedAtMs: kept.stoppedAtMs }
      : { floorMs: Math.max(kept.floorMs, kept.stoppedAtMs ?? 0) };
    Object.assign(app, { seq, features, featuresSeq, rowsEra, floorMs: kept.floorMs, ...clock });
    byNumber.set(appNo, app);
    numbers.apps.put(app, appNo);
  }
  let users = 0;
  let rows = 0;
  const wallMs = Math.floor(options.wallNow());
  for (const { userNo, appNo, record } of reader.users()) {
    const app = byNumber.get(appNo);
    if (app === undefined) throw new FormatError(`a user in it is of an app that is not (${userNo})`);
    numbers.users.put(record, userNo);
    app.users.set(record.userId, record);
    app.seq = Math.max(app.seq, lastSeq(record));
    suspect(record, app.stoppedAtMs ?? Math.max(app.floorMs, wallMs), rules);
    users++;
    rows += record.rows.size;
  }
  for (const app of byNumber.values()) app.seq += seqGap;
  return { apps: [...byNumber.values()], users, rows, profileChanged, newEpochs, profileKey };
}

function lastSeq(record: UserRecord): number {
  let seq = Math.max(record.statusSeq, record.selfSeq, record.friendsSeq, record.endedForgottenSeq);
  for (const row of record.rows.values()) seq = Math.max(seq, row.seq);
  return Math.max(seq, record.endedRows.at(-1)?.seq ?? 0);
}

function keyOf(profile: Profile): string {
  return createHash("sha256").update(toJsonString(ProfileSchema, profile)).digest("base64url");
}
