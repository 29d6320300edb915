// All checks of clients, in the order of SPEC.md §19.
import type { ClientCheck } from "../check.ts";
import { adviceChecks } from "./advice.ts";
import { adviceSessionsChecks } from "./advice-sessions.ts";
import { askedChecks } from "./asked.ts";
import { askedEmptyChecks } from "./asked-empty.ts";
import { backoffChecks } from "./backoff.ts";
import { backoffFirstChecks } from "./backoff-first.ts";
import { batchesChecks } from "./batches.ts";
import { beatsBesideChecks } from "./beats-beside.ts";
import { callsChecks } from "./calls.ts";
import { cursorChecks } from "./cursor.ts";
import { epochChecks } from "./epoch.ts";
import { expiryChecks } from "./expiry.ts";
import { foldChecks } from "./fold.ts";
import { answerFoldChecks } from "./fold-answers.ts";
import { foldContentsChecks } from "./fold-contents.ts";
import { foldIdsChecks } from "./fold-ids.ts";
import { generationChecks } from "./generation.ts";
import { lateGenerationChecks } from "./generation-late.ts";
import { heartbeatChecks } from "./heartbeat.ts";
import { sessionChecks } from "./session.ts";
import { sessionBoundsChecks } from "./session-bounds.ts";
import { snapshotChecks } from "./snapshot.ts";
import { stateChecks } from "./state.ts";
import { unknownChecks } from "./unknown.ts";
import { laterVersionChecks } from "./unknown-later.ts";
import { watchdogChecks } from "./watchdog.ts";

export const clientChecks: readonly ClientCheck[] = [
  ...foldChecks,
  ...answerFoldChecks,
  ...foldIdsChecks,
  ...foldContentsChecks,
  ...epochChecks,
  ...generationChecks,
  ...lateGenerationChecks,
  ...snapshotChecks,
  ...cursorChecks,
  ...heartbeatChecks,
  ...beatsBesideChecks,
  ...watchdogChecks,
  ...backoffChecks,
  ...backoffFirstChecks,
  ...adviceChecks,
  ...adviceSessionsChecks,
  ...sessionChecks,
  ...askedChecks,
  ...callsChecks,
  ...sessionBoundsChecks,
  ...askedEmptyChecks,
  ...batchesChecks,
  ...unknownChecks,
  ...laterVersionChecks,
  ...expiryChecks,
  ...stateChecks,
];
