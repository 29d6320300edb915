// What others, and the user himself, see of a record (SPEC §7 online-platforms, online-times; §11 watch-self-view).
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  OnlineStatus,
  type SelfStatus,
  SelfStatusSchema,
  SessionSchema,
  type Subscription,
  SubscriptionSchema,
  type UserStatus,
  UserStatusSchema,
} from "@userstatus/protocol";
import { liveSessions } from "./derive.ts";
import type { RowRecord, UserRecord } from "./model.ts";
import type { Rules } from "./rules.ts";

/** Whether this user exists for others. */
export function isKnown(record: Readonly<UserRecord>, rules: Rules): boolean {
  return record.registered || !rules.registry;
}

/** The status as others see it. */
export function publicStatus(record: Readonly<UserRecord>, rules: Rules): UserStatus {
  const shown = rules.targetPlatforms && record.online === OnlineStatus.ONLINE;
  const status = create(UserStatusSchema, {
    userId: record.userId,
    revision: BigInt(record.revision),
    onlineStatus: record.online,
    onlinePlatforms: shown ? record.platforms : [],
  });
  putCustom(status, record);
  if (rules.timestamps) {
    putTime(status, "updateTime", record.updateMs);
    putTime(status, "onlineStatusUpdateTime", record.onlineMs);
    putTime(status, "customStatusUpdateTime", record.customMs);
  }
  return status;
}

/** One's own status. */
export function selfStatus(record: UserRecord, rules: Rules): SelfStatus {
  const status = rules.selfViewFull ? publicStatus(record, rules) : create(UserStatusSchema, { userId: record.userId });
  if (!rules.selfViewFull) putCustom(status, record);
  status.revision = BigInt(record.selfRevision);
  status.onlinePlatforms = record.platforms;
  const sessions = liveSessions(record).map((session) =>
    create(SessionSchema, {
      sessionId: session.sessionId,
      deviceId: session.deviceId,
      platform: session.platform,
      loginTime: timestampFromMs(session.loginMs),
    }),
  );
  return create(SelfStatusSchema, { status, sessions });
}

/** A row as its owner sees it. */
export function rowView(row: RowRecord): Subscription {
  return create(SubscriptionSchema, {
    userId: row.target,
    generation: BigInt(row.generation),
    refreshTime: timestampFromMs(row.refreshMs),
    ...(row.expireMs === null ? {} : { expireTime: timestampFromMs(row.expireMs) }),
  });
}

function putCustom(status: UserStatus, record: UserRecord): void {
  if (record.custom === null) return;
  const { text, expireMs } = record.custom;
  status.customStatus = {
    $typeName: "userstatus.v1.CustomStatus",
    text,
    ...(expireMs === null ? {} : { expireTime: timestampFromMs(expireMs) }),
  };
}

function putTime(
  status: UserStatus,
  field: "updateTime" | "onlineStatusUpdateTime" | "customStatusUpdateTime",
  ms: number | null,
): void {
  if (ms === null) return;
  const time: Timestamp = timestampFromMs(ms);
  status[field] = time;
}
