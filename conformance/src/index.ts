// The suite as a library: run it from a program, read its reports, use its checks on servers of one's own (mutants, say).
export type { Bench, Check, Tool } from "./check.ts";
export { checks } from "./checks/index.ts";
export { commandTokens, devTokens, secretTokens, type TokenRequest, type TokenSource } from "./identity/tokens.ts";
export { parseUsers, type ReadyUser, readUsersFile } from "./identity/users-file.ts";
export { toJsonText } from "./report/json.ts";
export { toJUnit } from "./report/junit.ts";
export type { Report, ReportedCheck, ReportedRequirement, ReportedRun } from "./report/model.ts";
export { summaryText } from "./report/summary.ts";
export { type SuiteOptions, TargetUnreachable, UsageError } from "./run/options.ts";
export type { Outcome } from "./run/outcome.ts";
export { type Prepared, prepare, runPrepared, type SuiteListener } from "./run/suite.ts";
export { exitCodes, type Verdict } from "./run/verdict.ts";
