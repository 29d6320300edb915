// Statuses as others see them, made once for as long as they stay what they are: who looks at a user again is given the same message.
import type { UserStatus } from "@userstatus/protocol";
import type { UserRecord } from "./model.ts";
import type { Rules } from "./rules.ts";
import { publicStatus } from "./views.ts";

/** The status as others see it. It must not be changed by whoever gets it. */
export type StatusOf = (record: Readonly<UserRecord>) => UserStatus;

/** All that a status shows of a record, as it was. Arrays and texts are replaced there, never changed in place. */
type Shown = Pick<UserRecord, "revision" | "online" | "platforms" | "custom" | "updateMs" | "onlineMs" | "customMs">;

/** Answers the same status for the same record until what it shows changes. */
export function createStatusOf(rules: Rules): StatusOf {
  const kept = new WeakMap<Readonly<UserRecord>, { readonly shown: Shown; readonly status: UserStatus }>();
  return (record) => {
    const found = kept.get(record);
    if (found && isSame(found.shown, record)) return found.status;
    const { revision, online, platforms, custom, updateMs, onlineMs, customMs } = record;
    const status = publicStatus(record, rules);
    kept.set(record, { shown: { revision, online, platforms, custom, updateMs, onlineMs, customMs }, status });
    return status;
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
