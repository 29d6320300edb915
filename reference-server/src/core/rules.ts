// A profile made ready for the core: durations as milliseconds, rules found by platform and procedure.
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  Gate,
  OnlineStatus,
  Platform,
  type Profile,
  type ReasonName,
  SelfView,
  type SessionRule,
} from "@userstatus/protocol";

/** When a session of one platform is lost, and what then. */
export interface Liveness {
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly graceMs: number;
  /** Whether a lost session counts as OFFLINE; else it is over at once. */
  readonly offline: boolean;
  /** How long it counts as OFFLINE; Infinity: for ever. */
  readonly decayMs: number;
}

/** Range and default of a ttl; undefined default: none. */
export interface TtlRules {
  readonly callerTtl: boolean;
  readonly minMs: number;
  readonly maxMs: number;
  readonly defaultMs: number | undefined;
}

export interface RateRule {
  readonly maxCalls: number;
  readonly windowMs: number;
  readonly selfExempt: boolean;
}

/** State of the gates of an app. */
export interface GateState {
  readonly plan: boolean;
  readonly userStatus: boolean;
}

export interface Rules {
  readonly profile: Profile;
  /** Whether users have to be registered. */
  readonly registry: boolean;
  /** Whether anybody is shown as a friend. */
  readonly friends: boolean;
  readonly customMaxBytes: number;
  readonly customTtl: TtlRules;
  readonly clearOnOffline: boolean;
  /** undefined: never. */
  readonly clearAfterLogoutMs: number | undefined;
  readonly subscribeBatchMax: number;
  readonly unsubscribeBatchMax: number;
  readonly maxSubscriptions: number;
  readonly rowTtl: TtlRules;
  /** undefined: never. */
  readonly dropAfterAbsenceMs: number | undefined;
  readonly emptyUnsubscribeMeansAll: boolean;
  readonly listPageMax: number;
  readonly queryBatchMax: number;
  readonly querySelfAllowed: boolean;
  readonly targetPlatforms: boolean;
  readonly timestamps: boolean;
  readonly selfViewFull: boolean;
  readonly neverLoggedIn: OnlineStatus;
  /** Most lost sessions kept per user. */
  readonly lostMax: number;
  readonly liveness: (platform: Platform) => Liveness;
  /** Session rules that count this platform. */
  readonly sessionRules: (platform: Platform) => readonly SessionRule[];
  readonly rate: (procedure: string) => RateRule | undefined;
  /** Why the gates refuse this call, if they do. */
  readonly closedGate: (procedure: string, onlySelf: boolean, state: GateState) => ReasonName | undefined;
}

/** Milliseconds of a duration; undefined stays undefined. */
export function durationMs(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}

const knownPlatforms: ReadonlySet<number> = new Set(Object.values(Platform));

/** The platform whose rules hold: a number that we don't know counts as OTHER. */
export function rulePlatform(platform: Platform): Platform {
  return knownPlatforms.has(platform) ? platform : Platform.OTHER;
}

/** Makes a profile ready. The profile must have passed validation (one catch-all liveness rule, limits above zero). */
export function createRules(profile: Profile): Rules {
  const custom = profile.customStatus;
  const subscription = profile.subscription;
  const status = profile.status;
  if (!custom || !subscription || !status || !profile.query) throw new Error("profile: a group of rules is missing");
  return {
    profile,
    registry: profile.claims.includes("user_registry"),
    friends: profile.claims.includes("friends"),
    customMaxBytes: custom.maxBytes,
    customTtl: ttlRules(custom),
    clearOnOffline: custom.clearOnOffline,
    clearAfterLogoutMs: durationMs(custom.clearAfterLogout),
    subscribeBatchMax: subscription.subscribeBatchMax,
    unsubscribeBatchMax: subscription.unsubscribeBatchMax,
    maxSubscriptions: subscription.maxSubscriptions,
    rowTtl: ttlRules(subscription),
    dropAfterAbsenceMs: durationMs(subscription.dropAfterAbsence),
    emptyUnsubscribeMeansAll: subscription.emptyUnsubscribeMeansAll,
    listPageMax: subscription.listPageMax,
    queryBatchMax: profile.query.batchMax,
    querySelfAllowed: profile.query.selfAllowed,
    targetPlatforms: status.targetPlatforms,
    timestamps: status.timestamps,
    selfViewFull: status.selfView !== SelfView.PLATFORMS,
    neverLoggedIn: status.neverLoggedIn || OnlineStatus.LOGGED_OUT,
    lostMax: lostMaxOf(profile.sessionRules),
    liveness: livenessOf(profile),
    sessionRules: (platform) => {
      const counted = rulePlatform(platform);
      return profile.sessionRules.filter((rule) => rule.platforms.length === 0 || rule.platforms.includes(counted));
    },
    rate: ratesOf(profile),
    closedGate: gatesOf(profile),
  };
}

/** As many as could live under the rules. */
function lostMaxOf(rules: readonly SessionRule[]): number {
  const platforms = knownPlatforms.size - 1;
  let sum = 0;
  for (const rule of rules) sum += rule.maxSessions * (rule.perPlatform ? rule.platforms.length || platforms : 1);
  return Math.max(1, sum);
}

/** Where the profile sets no greatest ttl: every end is a Timestamp, whose years have four digits. */
const unboundedTtlMs = 1000 * 365 * 24 * 3_600_000;

function ttlRules(rules: {
  callerTtl: boolean;
  minTtl?: Duration | undefined;
  maxTtl?: Duration | undefined;
  defaultTtl?: Duration | undefined;
}): TtlRules {
  return {
    callerTtl: rules.callerTtl,
    minMs: durationMs(rules.minTtl) ?? 1,
    maxMs: durationMs(rules.maxTtl) ?? unboundedTtlMs,
    defaultMs: durationMs(rules.defaultTtl),
  };
}

function livenessOf(profile: Profile): Rules["liveness"] {
  const rules = profile.liveness.map((rule) => ({
    platforms: rule.platforms,
    liveness: {
      heartbeatMs: durationMs(rule.heartbeatInterval) ?? 0,
      leaseMs: durationMs(rule.lease) ?? 0,
      graceMs: durationMs(rule.grace) ?? 0,
      offline: rule.afterLoss === OnlineStatus.OFFLINE,
      decayMs: durationMs(rule.decay) ?? Number.POSITIVE_INFINITY,
    },
  }));
  return (platform) => {
    const counted = rulePlatform(platform);
    const rule = rules.find(({ platforms }) => platforms.length === 0 || platforms.includes(counted));
    if (!rule) throw new Error("profile: no liveness rule for the rest");
    return rule.liveness;
  };
}

function ratesOf(profile: Profile): Rules["rate"] {
  const rates = new Map<string, RateRule>(
    profile.rateLimits.map((limit) => [
      limit.procedure,
      { maxCalls: limit.maxCalls, windowMs: durationMs(limit.window) ?? 0, selfExempt: limit.selfExempt },
    ]),
  );
  return (procedure) => rates.get(procedure);
}

function gatesOf(profile: Profile): Rules["closedGate"] {
  return (procedure, onlySelf, state) => {
    for (const rule of profile.gates) {
      const open = rule.gate === Gate.PLAN ? state.plan : rule.gate === Gate.USER_STATUS ? state.userStatus : true;
      if (open || !rule.procedures.includes(procedure) || (rule.selfExempt && onlySelf)) continue;
      return rule.gate === Gate.PLAN ? "PLAN_REQUIRED" : "FEATURE_DISABLED";
    }
    return undefined;
  };
}
