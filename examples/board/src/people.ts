// What is held of people, as a board shows it. Pure.
import { durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Profile, SelfStatus, Subscription, UserStatus } from "@userstatus/protocol";
import type { BoardView, Limits, PersonView, StatusView, TtlRange } from "./view.ts";
import { toPresence } from "./words.ts";

function toMs(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time);
}

export function toStatusView(status: UserStatus | undefined): StatusView {
  return {
    presence: toPresence(status?.onlineStatus),
    platforms: status?.onlinePlatforms ?? [],
    text: status?.customStatus?.text ?? "",
    textEndsMs: toMs(status?.customStatus?.expireTime),
  };
}

export function toSelfView(self: SelfStatus | undefined): BoardView["self"] {
  return self === undefined ? undefined : { ...toStatusView(self.status), sessions: self.sessions.length };
}

/** What a board knows of people. */
export interface Held {
  readonly statuses: ReadonlyMap<string, UserStatus>;
  readonly rows: ReadonlyMap<string, Subscription>;
  /** Why rows are gone that nobody gave up, by user. */
  readonly ended: ReadonlyMap<string, string>;
}

export function toPeople({ statuses, rows, ended }: Held): PersonView[] {
  const ids = [...new Set([...statuses.keys(), ...rows.keys(), ...ended.keys()])].sort();
  return ids.map((userId) => {
    const row = rows.get(userId);
    return {
      userId,
      ...toStatusView(statuses.get(userId)),
      row: row === undefined ? undefined : { endsMs: toMs(row.expireTime), refreshedMs: toMs(row.refreshTime) },
      ended: row === undefined ? ended.get(userId) : undefined,
    };
  });
}

interface TtlRules {
  readonly callerTtl: boolean;
  readonly minTtl?: Parameters<typeof durationMs>[0] | undefined;
  readonly maxTtl?: Parameters<typeof durationMs>[0] | undefined;
  readonly defaultTtl?: Parameters<typeof durationMs>[0] | undefined;
}

function toRange(rules: TtlRules | undefined, optional: boolean): TtlRange | undefined {
  if (rules?.callerTtl !== true) return undefined;
  const minMs = rules.minTtl === undefined ? 1 : durationMs(rules.minTtl);
  const maxMs = rules.maxTtl === undefined ? Number.MAX_SAFE_INTEGER : durationMs(rules.maxTtl);
  return { minMs, maxMs, optional };
}

export function toLimits(profile: Profile | undefined): Limits | undefined {
  if (profile === undefined) return undefined;
  const { customStatus, subscription } = profile;
  return {
    profile: profile.name,
    textBytesMax: customStatus?.maxBytes ?? 0,
    textTtl: toRange(customStatus, true),
    rowTtl: toRange(subscription, subscription?.defaultTtl !== undefined),
    rowsMax: subscription?.maxSubscriptions ?? 0,
  };
}
