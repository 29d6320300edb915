// Statuses as others see them, made once for as long as they stay what they are: who looks at a user again is given the same message.
import type { UserStatus } from "@userstatus/protocol";
import type { UserRecord } from "./model.ts";
import type { Rules } from "./rules.ts";
import { publicStatus } from "./views.ts";

/** The status as others see it. It must not be changed by whoever gets it. */
export type StatusOf = (record: Readonly<UserRecord>) => UserStatus;

/** All that a status shows of a record, as it was. Arrays and texts are replaced there, never changed in place. */
type Shown = Pick<UserRecord, "revision" | "online" | "platforms" | "custom" | "updateMs" | "onlineMs" | "customMs">;

interface Kept {
  readonly shown: Shown;
  readonly status: UserStatus;
}

/** A status that is kept takes up to 2 KB, with what is made of it. */
const keptMax = 16_384;

/** Answers the same status for the same record until what it shows changes. Keeps those of the users who were looked at last, `max` at most. */
export function createStatusOf(rules: Rules, max: number = keptMax): StatusOf {
  // Who is not looked at while half of them are made goes with the older half.
  let newer = new Map<Readonly<UserRecord>, Kept>();
  let older = newer;
  const keep = (record: Readonly<UserRecord>, kept: Kept): UserStatus => {
    if (newer.size >= max / 2) {
      older = newer;
      newer = new Map();
    }
    newer.set(record, kept);
    return kept.status;
  };
  return (record) => {
    const recent = newer.get(record);
    if (recent && isSame(recent.shown, record)) return recent.status;
    const old = older.get(record);
    if (old && isSame(old.shown, record)) return keep(record, old);
    const { revision, online, platforms, custom, updateMs, onlineMs, customMs } = record;
    const shown = { revision, online, platforms, custom, updateMs, onlineMs, customMs };
    return keep(record, { shown, status: publicStatus(record, rules) });
  };
}

function isSame(one: Shown, other: Shown): boolean {
  return (
    one.revision === other.revision &&
    one.custom === other.custom &&
    one.online === other.online &&
    one.platforms === other.platforms &&
    one.updateMs === other.updateMs &&
    one.onlineMs === other.onlineMs &&
    one.customMs === other.customMs
  );
}
