// The suite as a library: run it from a program, read its reports, use its checks on servers of one's own (mutants, say).
export type { Bench, Check, Tool } from "./check.ts";

import { checks } from "./checks/index.ts";
import { afterChecks } from "./invariants/decide.ts";

export type { ClientCheck } from "./client/check.ts";
export { clientChecks } from "./client/checks/index.ts";
export type { ClientSuiteListener, ClientSuiteOptions } from "./client/run/options.ts";
export { runClientSuite } from "./client/run/suite.ts";
export { commandTokens, devTokens, secretTokens, type TokenRequest, type TokenSource } from "./identity/tokens.ts";
export { parseUsers, type ReadyUser, readUsersFile } from "./identity/users-file.ts";
export { fromJsonText, toJsonText } from "./report/json.ts";
export { toJUnit } from "./report/junit.ts";
export type { Report, ReportedCheck, ReportedRequirement, ReportedRun } from "./report/model.ts";
export { summaryText } from "./report/summary.ts";
export { type SuiteOptions, TargetUnreachable, UsageError } from "./run/options.ts";
export type { Outcome } from "./run/outcome.ts";
export { type Prepared, prepare, runPrepared, type SuiteListener } from "./run/suite.ts";
export { exitCodes, type Verdict } from "./run/verdict.ts";
export { checks };

/** Ids of all checks, of those that are decided from the whole run, too. */
export function suiteCheckIds(): readonly string[] {
  return [...checks, ...afterChecks].map(({ id }) => id);
}
