// Whether a call had to be refused, and whether the refusal is one that the specification names (SPEC §5).
import { errorDomain, findRequirement, type ReasonName, reasonCodes, type SessionEndName } from "@userstatus/protocol";
import type { Refusal } from "../../check.ts";
import { Finding } from "../finding.ts";
import { countCall, noteRefusal, type RateVerdict, rateVerdict } from "../model/rates.ts";
import { type AppState, sessionOf, type UserState } from "../model/state.ts";
import type { Outcome, Walk } from "../walk/walk.ts";

/** One reason for which a call must be refused. Of several any is right (auth-first). */
export interface Fault {
  readonly reason: string;
  readonly requirement: string;
  readonly endReason?: SessionEndName | undefined;
}

export interface CallFacts {
  readonly user: UserState;
  readonly method: string;
  /** What it is about, for people: `QueryStatuses of alice`. */
  readonly what: string;
  readonly faults: readonly Fault[];
  /** Refusals that may come and need not. */
  readonly mayBe?: readonly Fault[];
  /** Names nobody but the caller. */
  readonly selfOnly?: boolean;
  /** Subject to gates and rates. Default: true. */
  readonly limited?: boolean;
}

/**
 * Why a call of this session is refused. `comesBack`: the call is one of those that a lost session may make. Beyond 16
 * sessions that are over, a server may have forgotten (logout-ends-session).
 */
export function sessionFaults(
  user: UserState,
  sessionId: string,
  comesBack: boolean,
): { faults: Fault[]; mayBe: Fault[] } {
  const session = sessionOf(user, sessionId);
  if (session !== undefined) {
    const isLost = session.state === "lost" && !comesBack;
    return { faults: isLost ? [{ reason: "SESSION_LOST", requirement: "lost-calls" }] : [], mayBe: [] };
  }
  const at = user.ended.findLastIndex(({ id }) => id === sessionId);
  const ended = user.ended[at];
  const unknown: Fault = { reason: "SESSION_NOT_FOUND", requirement: "auth-foreign-session" };
  if (ended === undefined) return { faults: [unknown], mayBe: [] };
  const fault: Fault = {
    reason: "SESSION_ENDED",
    requirement: endRequirements[ended.reason] ?? "logout-ends-session",
    endReason: ended.reason,
  };
  const forgotten = user.ended.length - at > 16 || user.deletions > 0;
  return { faults: [fault], mayBe: forgotten ? [unknown] : [] };
}

const endRequirements: Partial<Record<SessionEndName, string>> = {
  LOGGED_OUT: "logout-ends-session",
  KICKED: "session-kick-told",
  ADMIN: "admin-end",
  LINK_LOST: "lost-logged-out",
  DECAYED: "lost-decay",
  USER_DELETED: "admin-register",
};

/** Judges whether the call went through as it should; answers whether it did. Counts it, where its rate counts. */
export function judgeOutcome<T>(walk: Walk, facts: CallFacts, outcome: Outcome<T>): outcome is { readonly answer: T } {
  const { app } = walk;
  const { user, method, what, selfOnly = false, limited = true } = facts;
  const gates = limited ? gateFaults(app, method, selfOnly) : [];
  const faults = [...facts.faults, ...gates];
  const rate = limited ? rateVerdict(app, user, method, selfOnly) : "admit";
  if (outcome.refusal === undefined) {
    const missed = [...faults, ...(rate === "refuse" ? [rateFault] : [])];
    if (missed.length > 0) {
      const expected = missed.map(({ reason }) => reason).join(" or ");
      throw new Finding(
        missed.map(({ requirement }) => requirement),
        `${what} must be refused`,
        expected,
        "an answer",
      );
    }
    countCall(app, user, method, selfOnly);
    return true;
  }
  judgeRefusal(walk, facts, outcome, faults, rate);
  return false;
}

const rateFault: Fault = { reason: "RATE_LIMITED", requirement: "rate-limit" };

function gateFaults(app: AppState, method: string, selfOnly: boolean): Fault[] {
  return app.rules
    .gated(method, selfOnly, app.features)
    .map((reason) => ({ reason, requirement: reason === "PLAN_REQUIRED" ? "gate-plan" : "gate-switch" }));
}

function judgeRefusal<T>(
  walk: Walk,
  { user, method, what, mayBe = [] }: CallFacts,
  outcome: Extract<Outcome<T>, { readonly said: string }>,
  faults: readonly Fault[],
  rate: RateVerdict,
): void {
  const { refusal, said } = outcome;
  const allowed = [...faults, ...mayBe, ...(rate === "admit" ? [] : [rateFault])];
  const fits = allowed.find(
    ({ reason, endReason }) =>
      reason === refusal.reason && (endReason === undefined || endReason === refusal.endReason),
  );
  if (fits === undefined) {
    const expected = allowed.length === 0 ? "an answer" : allowed.map(faultText).join(" or ");
    throw new Finding(requirementsOf(refusal, method, faults), `${what}`, expected, said);
  }
  judgeForm(walk, refusal, what, said);
  if (refusal.reason !== "RATE_LIMITED") return;
  const windowMs = walk.app.rules.rate(method)?.windowMs ?? 0;
  const delayMs = refusal.retryAfterMs;
  if (delayMs === undefined || delayMs <= 0 || delayMs > windowMs)
    throw new Finding(["error-retry-info"], `the RetryInfo of ${what}`, `above 0 and at most ${windowMs} ms`, said);
  noteRefusal(walk.app, user, method, delayMs);
}

function faultText({ reason, endReason }: Fault): string {
  return endReason === undefined ? reason : `${reason} (${endReason})`;
}

function requirementsOf(refusal: Refusal, method: string, faults: readonly Fault[]): string[] {
  if (faults.length > 0) return faults.map(({ requirement }) => requirement);
  if (refusal.reason === "RATE_LIMITED") return ["rate-limit", "rate-scope", "rate-none"];
  if (refusal.reason === "PLAN_REQUIRED" || refusal.reason === "FEATURE_DISABLED") return ["gate-open", "gate-again"];
  const area = method === "Subscribe" ? "sub" : method === "Unsubscribe" ? "unsub" : "query";
  const ttl = method === "Subscribe" ? "sub-ttl" : "custom-ttl";
  const byReason: Readonly<Record<string, string>> = {
    INVALID_USER_ID: "id-user",
    INVALID_FIELD: method === "Sync" ? "sync-marker" : method === "Login" ? "id-device" : "list-pages",
    BATCH_TOO_LARGE: method === "ListSubscriptions" ? "list-pages" : `${area}-batch`,
    BATCH_EMPTY: `${area}-empty`,
    CUSTOM_STATUS_TOO_LONG: "custom-bytes",
    TTL_OUT_OF_RANGE: ttl,
    TTL_NOT_SUPPORTED: ttl,
    MALFORMED_CURSOR: "cursor-reset",
    MALFORMED_PAGE_TOKEN: "list-rows",
    SESSION_LOST: "lease-ends",
    SESSION_ENDED: refusal.endReason === "KICKED" ? "session-limit" : "login-same-device",
    NO_OPEN_WATCH: "sync-no-watch",
    USER_NOT_FOUND: `${area}-unknown`,
    SELF_NOT_ALLOWED: `${area}-self`,
  };
  const reasons = [byReason[refusal.reason ?? ""], acceptedBy[method], "error-no-effect"];
  return reasons.filter((id) => id !== undefined && findRequirement(id) !== undefined) as string[];
}

/** What says that a good call of the method is answered. */
const acceptedBy: Readonly<Record<string, string>> = {
  Login: "login-online",
  Logout: "logout-at-once",
  Heartbeat: "lease-heartbeat",
  SetCustomStatus: "custom-set",
  QueryStatuses: "query-result",
  Subscribe: "sub-result",
  Unsubscribe: "unsub-ends",
  ListSubscriptions: "list-rows",
  Sync: "sync-fence",
  Watch: "watch-hello",
};

/** Code, domain and the vendor's number (error-info, error-vendor-code). */
export function judgeForm({ app }: Walk, refusal: Refusal, what: string, said: string): void {
  const reason = refusal.reason as ReasonName;
  const told = `the refusal of ${what}`;
  if (refusal.domain !== errorDomain)
    throw new Finding(["error-info"], told, `the domain ${errorDomain}`, String(refusal.domain));
  if (refusal.code !== reasonCodes[reason])
    throw new Finding(["error-info"], told, `the status code ${reasonCodes[reason]}`, said);
  judgeVendorCode(app, reason, refusal.metadata, told);
}

export function judgeVendorCode(
  { rules }: AppState,
  reason: string,
  metadata: Readonly<Record<string, string>>,
  what: string,
): void {
  const number = rules.profile.vendorNumbers?.codes[reason];
  if (!rules.claims.has("vendor_codes") || number === undefined || metadata.vendor_code === String(number)) return;
  throw new Finding(["error-vendor-code"], what, `vendor_code ${number}`, String(metadata.vendor_code));
}
