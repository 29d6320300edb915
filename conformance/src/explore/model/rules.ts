// The profile as the model reads it: numbers, and who is meant by each rule. Everything that the model knows of a server's limits is here.
import { Gate, OnlineStatus, Platform, type Profile, type SelfView, SelfView as View } from "@userstatus/protocol";
import { msOf, msOrNone } from "../../units.ts";

export interface TtlRules {
  readonly callerTtl: boolean;
  readonly minMs: number;
  readonly maxMs: number;
  readonly defaultMs: number | undefined;
}

export interface Liveness {
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly graceMs: number;
  /** Whether a lost session makes its user OFFLINE. */
  readonly offline: boolean;
  readonly decayMs: number;
}

export interface SessionCap {
  readonly max: number;
  /** Whether it counts a session on this platform, for a login on that one. */
  readonly counts: (platform: number, login: number) => boolean;
}

export interface Rate {
  readonly maxCalls: number;
  readonly windowMs: number;
  readonly selfExempt: boolean;
}

export interface Features {
  plan: boolean;
  userStatus: boolean;
  friendNotifications: boolean;
}

export interface ModelRules {
  readonly profile: Profile;
  readonly claims: ReadonlySet<string>;
  readonly texts: TtlRules & {
    readonly maxBytes: number;
    readonly clearOnOffline: boolean;
    readonly clearAfterLogoutMs: number | undefined;
  };
  readonly rows: TtlRules & {
    readonly subscribeMax: number;
    readonly unsubscribeMax: number;
    readonly cap: number;
    readonly absenceMs: number | undefined;
    readonly emptyMeansAll: boolean;
    readonly pageMax: number;
  };
  readonly queryMax: number;
  readonly querySelf: boolean;
  readonly platformsShown: boolean;
  readonly timesShown: boolean;
  readonly selfView: SelfView;
  readonly never: OnlineStatus;
  readonly liveness: (platform: number) => Liveness;
  readonly sessionCaps: (platform: number) => SessionCap[];
  readonly rate: (procedure: string) => Rate | undefined;
  /** Reasons for which the procedure is gated; none: it is open. */
  readonly gated: (
    procedure: string,
    selfOnly: boolean,
    features: Features,
  ) => ("PLAN_REQUIRED" | "FEATURE_DISABLED")[];
}

const known: ReadonlySet<number> = new Set(Object.values(Platform));

/** A number that has no name counts as OTHER (enum-unknown). */
export function ruledPlatform(platform: number): Platform {
  return known.has(platform) ? (platform as Platform) : Platform.OTHER;
}

export function rulesOf(profile: Profile, claims: ReadonlySet<string>): ModelRules {
  const { customStatus: texts, subscription: rows, query, status } = profile;
  return {
    profile,
    claims,
    texts: {
      maxBytes: texts?.maxBytes ?? 0,
      ...ttlRules(texts),
      clearOnOffline: texts?.clearOnOffline === true,
      clearAfterLogoutMs: msOrNone(texts?.clearAfterLogout),
    },
    rows: {
      ...ttlRules(rows),
      subscribeMax: rows?.subscribeBatchMax ?? 0,
      unsubscribeMax: rows?.unsubscribeBatchMax ?? 0,
      cap: rows?.maxSubscriptions ?? 0,
      absenceMs: msOrNone(rows?.dropAfterAbsence),
      emptyMeansAll: rows?.emptyUnsubscribeMeansAll === true,
      pageMax: rows?.listPageMax ?? 0,
    },
    queryMax: query?.batchMax ?? 0,
    querySelf: query?.selfAllowed === true,
    platformsShown: status?.targetPlatforms === true,
    timesShown: status?.timestamps === true,
    selfView: status?.selfView ?? View.FULL,
    never: status?.neverLoggedIn ?? OnlineStatus.LOGGED_OUT,
    liveness: (platform) => livenessOf(profile, platform),
    sessionCaps: (platform) => sessionCaps(profile, claims, platform),
    rate: (procedure) => rateOf(profile, procedure),
    gated: (procedure, selfOnly, features) => gatedBy(profile, procedure, selfOnly, features),
  };
}

function ttlRules(from: Profile["customStatus"] | Profile["subscription"]): TtlRules {
  return {
    callerTtl: from?.callerTtl === true,
    minMs: msOf(from?.minTtl),
    maxMs: msOf(from?.maxTtl),
    defaultMs: msOrNone(from?.defaultTtl),
  };
}

function livenessOf({ liveness }: Profile, platform: number): Liveness {
  const ruled = ruledPlatform(platform);
  const rule =
    liveness.find(({ platforms }) => platforms.includes(ruled)) ??
    liveness.find(({ platforms }) => platforms.length === 0);
  return {
    leaseMs: msOf(rule?.lease),
    heartbeatMs: msOf(rule?.heartbeatInterval),
    graceMs: msOf(rule?.grace),
    offline: rule?.afterLoss === OnlineStatus.OFFLINE,
    decayMs: rule?.decay === undefined ? Number.POSITIVE_INFINITY : msOf(rule.decay),
  };
}

function sessionCaps({ sessionRules }: Profile, claims: ReadonlySet<string>, login: number): SessionCap[] {
  const ruled = ruledPlatform(login);
  const caps = sessionRules
    .filter(({ platforms }) => platforms.length === 0 || platforms.includes(ruled))
    .map((rule) => ({
      max: rule.maxSessions,
      counts: (platform: number) =>
        rule.perPlatform
          ? ruledPlatform(platform) === ruled
          : rule.platforms.length === 0 || rule.platforms.includes(ruledPlatform(platform)),
    }));
  return claims.has("multi_session") ? caps : [{ max: 1, counts: () => true }];
}

function rateOf({ rateLimits }: Profile, procedure: string): Rate | undefined {
  const rule = rateLimits.find((limit) => limit.procedure === procedure);
  return rule && { maxCalls: rule.maxCalls, windowMs: msOf(rule.window), selfExempt: rule.selfExempt };
}

function gatedBy({ gates }: Profile, procedure: string, selfOnly: boolean, features: Features) {
  const shut = (gate: Gate): boolean =>
    gates.some((rule) => rule.gate === gate && rule.procedures.includes(procedure) && !(rule.selfExempt && selfOnly));
  return [
    ...(!features.plan && shut(Gate.PLAN) ? (["PLAN_REQUIRED"] as const) : []),
    ...(!features.userStatus && shut(Gate.USER_STATUS) ? (["FEATURE_DISABLED"] as const) : []),
  ];
}
