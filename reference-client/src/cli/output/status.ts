// Statuses and rows for people and for programs. The keys of the JSON forms are stable.
import type { DescEnum } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  OnlineStatus,
  OnlineStatusSchema,
  PlatformSchema,
  type SelfStatus,
  type Subscription,
  type SubscriptionEndReason,
  SubscriptionEndReasonSchema,
  type UserStatus,
} from "@userstatus/protocol";
import type { Refusal } from "../../errors.ts";
import { formatDuration } from "../duration.ts";

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The name of an enum value without its prefix; a number that is not known, as digits. */
export function enumName(schema: DescEnum, value: number): string {
  return schema.value[value]?.localName ?? String(value);
}

/** The same in words for people: `mini program`. */
export function enumWord(schema: DescEnum, value: number): string {
  return enumName(schema, value).toLowerCase().replaceAll("_", " ");
}

export function isoTime(time: Timestamp | undefined): string | null {
  if (time === undefined) return null;
  const date = new Date(timestampMs(time));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** `5 min ago (2026-11-21 07:11:03Z)`; `-` where there is no time. */
export function humanTime(time: Timestamp | undefined, nowMs: number): string {
  const iso = isoTime(time);
  if (iso === null || time === undefined) return "-";
  const aheadMs = timestampMs(time) - nowMs;
  const relative =
    Math.abs(aheadMs) < 1_000
      ? "now"
      : aheadMs > 0
        ? `in ${formatDuration(aheadMs)}`
        : `${formatDuration(-aheadMs)} ago`;
  return `${relative} (${iso.slice(0, 19).replace("T", " ")}Z)`;
}

export function statusJson(status: UserStatus | undefined): Json {
  if (status === undefined) return null;
  const text = status.customStatus?.text ?? "";
  return {
    userId: status.userId,
    onlineStatus: enumName(OnlineStatusSchema, status.onlineStatus),
    onlinePlatforms: status.onlinePlatforms.map((platform) => enumName(PlatformSchema, platform)),
    customStatus: text === "" ? null : text,
    customStatusExpireTime: isoTime(status.customStatus?.expireTime),
    updateTime: isoTime(status.updateTime),
    onlineStatusUpdateTime: isoTime(status.onlineStatusUpdateTime),
    customStatusUpdateTime: isoTime(status.customStatusUpdateTime),
    revision: String(status.revision),
  };
}

export function selfJson(self: SelfStatus | undefined): Json {
  const sessions = (self?.sessions ?? []).map((session) => ({
    sessionId: session.sessionId,
    deviceId: session.deviceId,
    platform: enumName(PlatformSchema, session.platform),
    loginTime: isoTime(session.loginTime),
  }));
  return { status: statusJson(self?.status), sessions };
}

export function subscriptionJson(row: Subscription | undefined): Json {
  if (row === undefined) return null;
  return {
    generation: String(row.generation),
    expireTime: isoTime(row.expireTime),
    refreshTime: isoTime(row.refreshTime),
  };
}

export function refusalJson(refusal: Refusal | undefined): Json {
  if (refusal === undefined) return null;
  return { reason: refusal.reason, metadata: { ...refusal.metadata }, vendorCode: refusal.vendorCode ?? null };
}

export function endReasonName(reason: SubscriptionEndReason): string {
  return enumName(SubscriptionEndReasonSchema, reason);
}

export function onlineWord(status: OnlineStatus): string {
  return status === OnlineStatus.UNSPECIFIED ? "-" : enumWord(OnlineStatusSchema, status);
}

/** Heads of the columns of `statusCells`. */
export const statusHead: readonly string[] = ["USER", "STATUS", "PLATFORMS", "CUSTOM STATUS", "UNTIL", "SINCE"];

/** One line of a table of statuses. */
export function statusCells(userId: string, status: UserStatus | undefined, nowMs: number): string[] {
  if (status === undefined) return [userId, "-", "-", "-", "-", "-"];
  const platforms = status.onlinePlatforms.map((platform) => enumWord(PlatformSchema, platform));
  const text = status.customStatus?.text ?? "";
  return [
    userId,
    onlineWord(status.onlineStatus),
    platforms.length > 0 ? platforms.join(", ") : "-",
    text === "" ? "-" : text,
    text === "" ? "-" : humanTime(status.customStatus?.expireTime, nowMs),
    humanTime(status.onlineStatusUpdateTime, nowMs),
  ];
}

/** The line of a user who failed. */
export function failedCells(userId: string, refusal: Refusal): string[] {
  return [userId, refusal.reason, "-", "-", "-", "-"];
}
