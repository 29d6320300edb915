// All checks of clients, in the order of SPEC.md §19.
import type { ClientCheck } from "../check.ts";
import { adviceChecks } from "./advice.ts";
import { adviceSessionsChecks } from "./advice-sessions.ts";
import { askedChecks } from "./asked.ts";
import { backoffChecks } from "./backoff.ts";
import { backoffFirstChecks } from "./backoff-first.ts";
import { batchesChecks } from "./batches.ts";
import { callsChecks } from "./calls.ts";
import { epochChecks } from "./epoch.ts";
import { expiryChecks } from "./expiry.ts";
import { foldChecks } from "./fold.ts";
import { answerFoldChecks } from "./fold-answers.ts";
import { generationChecks } from "./generation.ts";
import { lateGenerationChecks } from "./generation-late.ts";
import { heartbeatChecks } from "./heartbeat.ts";
import { sessionChecks } from "./session.ts";
import { snapshotChecks } from "./snapshot.ts";
import { stateChecks } from "./state.ts";
import { unknownChecks } from "./unknown.ts";
import { laterVersionChecks } from "./unknown-later.ts";
import { watchdogChecks } from "./watchdog.ts";

export const clientChecks: readonly ClientCheck[] = [
  ...foldChecks,
  ...answerFoldChecks,
  ...epochChecks,
  ...generationChecks,
  ...lateGenerationChecks,
  ...snapshotChecks,
  ...heartbeatChecks,
  ...watchdogChecks,
  ...backoffChecks,
  ...backoffFirstChecks,
  ...adviceChecks,
  ...adviceSessionsChecks,
  ...sessionChecks,
  ...askedChecks,
  ...callsChecks,
  ...batchesChecks,
  ...unknownChecks,
  ...laterVersionChecks,
  ...expiryChecks,
  ...stateChecks,
];
