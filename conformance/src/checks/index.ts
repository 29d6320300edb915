// Every check of the suite. Check files own their checks; this file owns the list, and that each id is of the registry and stands once.
import { findRequirement } from "@userstatus/protocol";
import type { Check } from "../check.ts";
import { adminChecks } from "./admin.ts";
import { adminRefusedChecks } from "./admin-refused.ts";
import { adminTokenChecks } from "./admin-tokens.ts";
import { adminUserChecks } from "./admin-users.ts";
import { authChecks } from "./auth.ts";
import { authSchemeChecks } from "./auth-schemes.ts";
import { authSessionChecks } from "./auth-sessions.ts";
import { clockChecks } from "./clock.ts";
import { clockHoldChecks } from "./clock-hold.ts";
import { comesBackChecks } from "./comes-back.ts";
import { cursorOpenedChecks } from "./cursor-opened.ts";
import { cursorSafeChecks } from "./cursor-safe.ts";
import { cursorChecks } from "./cursors.ts";
import { customAgainChecks } from "./custom-again.ts";
import { customClearedChecks } from "./custom-cleared.ts";
import { customClearedAgainChecks } from "./custom-cleared-again.ts";
import { customClearedLogoutChecks } from "./custom-cleared-logout.ts";
import { customEmptyChecks } from "./custom-empty.ts";
import { customExpiryChecks } from "./custom-expiry.ts";
import { customKeptChecks } from "./custom-kept.ts";
import { customLimitsChecks } from "./custom-limits.ts";
import { customStatusChecks } from "./custom-status.ts";
import { customTimerChecks } from "./custom-timers.ts";
import { decayChecks } from "./decay.ts";
import { endedByBackendChecks } from "./ended-by-backend.ts";
import { epochChecks } from "./epochs.ts";
import { errorChecks } from "./errors.ts";
import { failedTwiceChecks } from "./failed-twice.ts";
import { frameChecks } from "./frames.ts";
import { friendsChecks } from "./friends.ts";
import { friendsEachWatchChecks } from "./friends-each-watch.ts";
import { friendsGoneChecks } from "./friends-gone.ts";
import { friendsRowsChecks } from "./friends-rows.ts";
import { friendsSwitchChecks } from "./friends-switch.ts";
import { gatesChecks } from "./gates.ts";
import { gatesRowsChecks } from "./gates-rows.ts";
import { graceChecks } from "./grace.ts";
import { honestyChecks } from "./honesty.ts";
import { httpGetChecks } from "./http-get.ts";
import { idChecks } from "./ids.ts";
import { idAdminChecks } from "./ids-admin.ts";
import { infoChecks } from "./info.ts";
import { jsonChecks } from "./json.ts";
import { leaseChecks } from "./lease.ts";
import { leaseAgainChecks } from "./lease-again.ts";
import { leaseCallsChecks } from "./lease-calls.ts";
import { linkChecks } from "./link.ts";
import { listChecks } from "./list.ts";
import { listPageTokenChecks } from "./list-page-tokens.ts";
import { listPagesChecks } from "./list-pages.ts";
import { loginChecks } from "./login.ts";
import { loginCustomChecks } from "./login-custom.ts";
import { loginCustomLimitChecks } from "./login-custom-limits.ts";
import { logoutChecks } from "./logout.ts";
import { lostChecks } from "./lost.ts";
import { lostKeptChecks } from "./lost-kept.ts";
import { messageChecks } from "./messages.ts";
import { noEffectChecks } from "./no-effect.ts";
import { onlineChecks } from "./online.ts";
import { onlinePlatformChecks } from "./online-platforms.ts";
import { onlineTimesChecks } from "./online-times.ts";
import { platformChecks } from "./platforms.ts";
import { queryChecks } from "./query.ts";
import { raceChecks } from "./races.ts";
import { ratesChecks } from "./rates.ts";
import { rateKeptChecks } from "./rates-kept.ts";
import { ratesScopeChecks } from "./rates-scope.ts";
import { resumeChecks } from "./resume.ts";
import { resumeBackendChecks } from "./resume-backend.ts";
import { resumeGoneChecks } from "./resume-gone.ts";
import { resumeLiveChecks } from "./resume-live.ts";
import { resumeLostChecks } from "./resume-lost.ts";
import { resumeRowChecks } from "./resume-rows.ts";
import { resumeUsedChecks } from "./resume-used.ts";
import { revisionChecks } from "./revisions.ts";
import { robustnessChecks } from "./robustness.ts";
import { sameDeviceChecks } from "./same-device.ts";
import { selfNotExemptChecks } from "./self-not-exempt.ts";
import { sessionRuleChecks } from "./session-rules.ts";
import { sessionChecks } from "./sessions.ts";
import { subscribeChecks } from "./subscribe.ts";
import { subscribeAgainChecks } from "./subscribe-again.ts";
import { subscribeAnewChecks } from "./subscribe-anew.ts";
import { subscribeArgumentsChecks } from "./subscribe-arguments.ts";
import { subscribeDeliversChecks } from "./subscribe-delivers.ts";
import { subscribeRefreshTimeChecks } from "./subscribe-refresh-time.ts";
import { subscribeTtlChecks } from "./subscribe-ttl.ts";
import { subscriptionAbsenceChecks } from "./subscription-absence.ts";
import { subscriptionCapChecks } from "./subscription-cap.ts";
import { subscriptionCapEndedChecks } from "./subscription-cap-ended.ts";
import { subscriptionEndsChecks } from "./subscription-ends.ts";
import { syncChecks } from "./sync.ts";
import { syncFenceChecks } from "./sync-fence.ts";
import { targetGoneChecks } from "./target-gone.ts";
import { timeChecks } from "./time.ts";
import { timeKeepAliveChecks } from "./time-keep-alive.ts";
import { tokenNewestChecks } from "./token-newest.ts";
import { tokenChecks } from "./tokens.ts";
import { transportChecks } from "./transport.ts";
import { transportTypeChecks } from "./transport-types.ts";
import { unsubscribeChecks } from "./unsubscribe.ts";
import { unsubscribeAllChecks } from "./unsubscribe-all.ts";
import { vendorCodeChecks } from "./vendor-codes.ts";
import { watchEndChecks } from "./watch-end.ts";
import { watchLiveChecks } from "./watch-live.ts";
import { watchOpenChecks } from "./watch-open.ts";
import { watchSelfChecks } from "./watch-self.ts";
import { watchSelfTimesChecks } from "./watch-self-times.ts";

const idPattern = /^[a-z0-9-]+\/[A-Za-z0-9-]+$/;

/** All checks, file by file. */
export const checks: readonly Check[] = collect([
  ...adminTokenChecks,
  ...adminRefusedChecks,
  ...adminUserChecks,
  ...adminChecks,
  ...authSchemeChecks,
  ...authSessionChecks,
  ...authChecks,
  ...clockChecks,
  ...clockHoldChecks,
  ...comesBackChecks,
  ...cursorOpenedChecks,
  ...cursorSafeChecks,
  ...cursorChecks,
  ...customAgainChecks,
  ...customClearedAgainChecks,
  ...customClearedLogoutChecks,
  ...customClearedChecks,
  ...customEmptyChecks,
  ...customExpiryChecks,
  ...customKeptChecks,
  ...customLimitsChecks,
  ...customStatusChecks,
  ...customTimerChecks,
  ...decayChecks,
  ...endedByBackendChecks,
  ...epochChecks,
  ...errorChecks,
  ...failedTwiceChecks,
  ...frameChecks,
  ...friendsEachWatchChecks,
  ...friendsGoneChecks,
  ...friendsRowsChecks,
  ...friendsSwitchChecks,
  ...friendsChecks,
  ...gatesRowsChecks,
  ...gatesChecks,
  ...graceChecks,
  ...honestyChecks,
  ...httpGetChecks,
  ...idAdminChecks,
  ...idChecks,
  ...infoChecks,
  ...jsonChecks,
  ...leaseAgainChecks,
  ...leaseCallsChecks,
  ...leaseChecks,
  ...linkChecks,
  ...listPageTokenChecks,
  ...listPagesChecks,
  ...listChecks,
  ...loginCustomLimitChecks,
  ...loginCustomChecks,
  ...loginChecks,
  ...logoutChecks,
  ...lostKeptChecks,
  ...lostChecks,
  ...messageChecks,
  ...noEffectChecks,
  ...onlinePlatformChecks,
  ...onlineTimesChecks,
  ...onlineChecks,
  ...platformChecks,
  ...queryChecks,
  ...raceChecks,
  ...rateKeptChecks,
  ...ratesScopeChecks,
  ...ratesChecks,
  ...resumeBackendChecks,
  ...resumeGoneChecks,
  ...resumeLiveChecks,
  ...resumeLostChecks,
  ...resumeRowChecks,
  ...resumeUsedChecks,
  ...resumeChecks,
  ...revisionChecks,
  ...robustnessChecks,
  ...sameDeviceChecks,
  ...selfNotExemptChecks,
  ...sessionRuleChecks,
  ...sessionChecks,
  ...subscribeAgainChecks,
  ...subscribeAnewChecks,
  ...subscribeArgumentsChecks,
  ...subscribeDeliversChecks,
  ...subscribeRefreshTimeChecks,
  ...subscribeTtlChecks,
  ...subscribeChecks,
  ...subscriptionAbsenceChecks,
  ...subscriptionCapEndedChecks,
  ...subscriptionCapChecks,
  ...subscriptionEndsChecks,
  ...syncFenceChecks,
  ...syncChecks,
  ...targetGoneChecks,
  ...timeChecks,
  ...timeKeepAliveChecks,
  ...tokenNewestChecks,
  ...tokenChecks,
  ...transportTypeChecks,
  ...transportChecks,
  ...unsubscribeAllChecks,
  ...unsubscribeChecks,
  ...vendorCodeChecks,
  ...watchEndChecks,
  ...watchLiveChecks,
  ...watchOpenChecks,
  ...watchSelfChecks,
  ...watchSelfTimesChecks,
]);

/** Throws for an id that stands twice, is misspelt, or decides no requirement that a server can be tested for. */
export function collect(all: readonly Check[]): readonly Check[] {
  const seen = new Set<string>();
  for (const { id } of all) {
    if (!idPattern.test(id)) throw new Error(`the id of a check must be REQUIREMENT/case: ${id}`);
    if (seen.has(id)) throw new Error(`two checks have the id ${id}`);
    seen.add(id);
    const requirement = findRequirement(id.split("/")[0] ?? "");
    if (requirement === undefined) throw new Error(`the check ${id} decides no requirement of the specification`);
    if (requirement.part === "client") throw new Error(`the check ${id} decides an obligation of clients`);
  }
  return all;
}
