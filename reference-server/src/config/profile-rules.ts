// Whether a profile makes sense: a server with it could keep SPEC §4 `info-complete`, and no limit is out of all measure.
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import {
  Gate,
  type LivenessRule,
  OnlineStatus,
  type Profile,
  type RateLimit,
  SelfView,
  type SessionRule,
  UserStatusService,
} from "@userstatus/protocol";
import { expected } from "./config-error.ts";

/** Most ids in a batch and rows in a page: answers stay within what a client can be asked to read. */
const batchLimit = 5_000;
const subscriptionsLimit = 1_000_000;
const textBytesLimit = 4_096;
const sessionsLimit = 1_000;
const callsLimit = 1_000_000;

const procedures: readonly string[] = UserStatusService.methods.map((method) => method.name);

/** Throws a ConfigError that names the first value at fault. */
export function checkProfile(profile: Profile): void {
  if (!/^[\x21-\x7e]{1,64}$/.test(profile.name))
    throw expected("name", "1 to 64 printable characters", JSON.stringify(profile.name));
  checkLimits(profile);
  checkLiveness(profile.liveness);
  checkSessionRules(profile.sessionRules);
  checkRateLimits(profile.rateLimits);
  for (const [index, rule] of profile.gates.entries()) {
    const known = rule.gate === Gate.PLAN || rule.gate === Gate.USER_STATUS;
    if (!known) throw expected(`gates[${index}].gate`, "GATE_PLAN or GATE_USER_STATUS", String(rule.gate));
    for (const name of rule.procedures) checkProcedure(`gates[${index}].procedures`, name);
  }
}

function checkLimits({ customStatus, subscription, query, status }: Profile): void {
  checkWhole("custom_status.max_bytes", customStatus?.maxBytes, textBytesLimit);
  checkTtls("custom_status", customStatus);
  checkWhole("subscription.subscribe_batch_max", subscription?.subscribeBatchMax, batchLimit);
  checkWhole("subscription.unsubscribe_batch_max", subscription?.unsubscribeBatchMax, batchLimit);
  checkWhole("subscription.list_page_max", subscription?.listPageMax, batchLimit);
  checkWhole("subscription.max_subscriptions", subscription?.maxSubscriptions, subscriptionsLimit);
  if ((subscription?.subscribeBatchMax ?? 0) > (subscription?.maxSubscriptions ?? 0)) {
    const expectedMax = `at most subscription.max_subscriptions (${subscription?.maxSubscriptions})`;
    throw expected("subscription.subscribe_batch_max", expectedMax, String(subscription?.subscribeBatchMax));
  }
  checkTtls("subscription", subscription);
  checkWhole("query.batch_max", query?.batchMax, batchLimit);
  checkOptional("custom_status.clear_after_logout", customStatus?.clearAfterLogout, 0);
  checkOptional("subscription.drop_after_absence", subscription?.dropAfterAbsence, 1);
  const selfView = status?.selfView;
  if (selfView !== SelfView.FULL && selfView !== SelfView.PLATFORMS) {
    throw expected("status.self_view", "SELF_VIEW_FULL or SELF_VIEW_PLATFORMS", String(selfView));
  }
  const before = status?.neverLoggedIn;
  if (before !== OnlineStatus.OFFLINE && before !== OnlineStatus.LOGGED_OUT) {
    throw expected("status.never_logged_in", "ONLINE_STATUS_OFFLINE or ONLINE_STATUS_LOGGED_OUT", String(before));
  }
}

function checkWhole(path: string, value: number | undefined, max: number): void {
  if (value === undefined || value < 1 || value > max) throw expected(path, `from 1 to ${max}`, String(value));
}

interface TtlRules {
  readonly callerTtl: boolean;
  readonly minTtl?: Duration | undefined;
  readonly maxTtl?: Duration | undefined;
  readonly defaultTtl?: Duration | undefined;
}

function checkTtls(path: string, rules: TtlRules | undefined): void {
  checkOptional(`${path}.default_ttl`, rules?.defaultTtl, 1);
  if (rules?.callerTtl !== true) return;
  const minMs = checkDuration(`${path}.min_ttl`, rules.minTtl, 1);
  const maxMs = checkDuration(`${path}.max_ttl`, rules.maxTtl, minMs);
  const byDefaultMs = rules.defaultTtl === undefined ? minMs : durationMs(rules.defaultTtl);
  if (byDefaultMs < minMs || byDefaultMs > maxMs) {
    throw expected(`${path}.default_ttl`, `from min_ttl (${minMs}ms) to max_ttl (${maxMs}ms)`, `${byDefaultMs}ms`);
  }
}

function checkLiveness(rules: readonly LivenessRule[]): void {
  if (rules.length === 0) throw expected("liveness", "at least one rule", "none");
  for (const [index, rule] of rules.entries()) {
    const path = `liveness[${index}]`;
    const last = index === rules.length - 1;
    if (last && rule.platforms.length > 0)
      throw expected(`${path}.platforms`, "empty in the last rule, which holds for the rest", "some");
    if (!last && rule.platforms.length === 0)
      throw expected(`${path}.platforms`, "some, save in the last rule", "none");
    const heartbeatMs = checkDuration(`${path}.heartbeat_interval`, rule.heartbeatInterval, 1);
    checkDuration(`${path}.lease`, rule.lease, heartbeatMs);
    checkOptional(`${path}.grace`, rule.grace, 0);
    if (rule.afterLoss === OnlineStatus.OFFLINE) checkDuration(`${path}.decay`, rule.decay, 1);
    else if (rule.afterLoss !== OnlineStatus.LOGGED_OUT) {
      throw expected(`${path}.after_loss`, "ONLINE_STATUS_OFFLINE or ONLINE_STATUS_LOGGED_OUT", String(rule.afterLoss));
    }
  }
}

function checkSessionRules(rules: readonly SessionRule[]): void {
  if (rules.length === 0) throw expected("session_rules", "at least one rule", "none");
  for (const [index, rule] of rules.entries())
    checkWhole(`session_rules[${index}].max_sessions`, rule.maxSessions, sessionsLimit);
}

function checkRateLimits(limits: readonly RateLimit[]): void {
  const seen = new Set<string>();
  for (const [index, limit] of limits.entries()) {
    checkProcedure(`rate_limits[${index}].procedure`, limit.procedure);
    if (seen.has(limit.procedure)) throw expected(`rate_limits[${index}].procedure`, "named once", limit.procedure);
    seen.add(limit.procedure);
    checkWhole(`rate_limits[${index}].max_calls`, limit.maxCalls, callsLimit);
    checkDuration(`rate_limits[${index}].window`, limit.window, 1);
  }
}

function checkProcedure(path: string, name: string): void {
  if (!procedures.includes(name)) throw expected(path, `one of ${procedures.join(", ")}`, JSON.stringify(name));
}

/** The duration in milliseconds, at least `minMs`. */
function checkDuration(path: string, duration: Duration | undefined, minMs: number): number {
  const ms = duration === undefined ? Number.NaN : durationMs(duration);
  if (!(ms >= minMs)) throw expected(path, `at least ${minMs}ms`, duration === undefined ? "nothing" : `${ms}ms`);
  // Due times are revisions, in whole milliseconds.
  if (duration !== undefined && duration.nanos % 1_000_000 !== 0) {
    throw expected(path, "whole milliseconds", `${duration.nanos} ns`);
  }
  return ms;
}

function checkOptional(path: string, duration: Duration | undefined, minMs: number): void {
  if (duration !== undefined) checkDuration(path, duration, minMs);
}
