// For programs that run the suite: options in, report out.
export type { Check } from "./check.ts";
export { checks } from "./checks/index.ts";
export { devTokens, secretTokens, type TokenSource } from "./identity/tokens.ts";
export type { Report, ReportedCheck, ReportedRequirement } from "./report/model.ts";
export { type SuiteOptions, TargetUnreachable, UsageError } from "./run/options.ts";
export { type Prepared, prepare, runPrepared, type SuiteListener } from "./run/suite.ts";
