// All checks of clients, in the order of SPEC.md §19.
import type { ClientCheck } from "../check.ts";
import { adviceChecks } from "./advice.ts";
import { askedEmptyChecks } from "./asked-empty.ts";
import { backoffChecks } from "./backoff.ts";
import { batchesChecks } from "./batches.ts";
import { beatsBesideChecks } from "./beats-beside.ts";
import { cursorChecks } from "./cursor.ts";
import { epochChecks } from "./epoch.ts";
import { expiryChecks } from "./expiry.ts";
import { foldChecks } from "./fold.ts";
import { foldContentsChecks } from "./fold-contents.ts";
import { foldIdsChecks } from "./fold-ids.ts";
import { generationChecks } from "./generation.ts";
import { heartbeatChecks } from "./heartbeat.ts";
import { sessionBoundsChecks } from "./session-bounds.ts";
import { snapshotChecks } from "./snapshot.ts";
import { stateChecks } from "./state.ts";
import { unknownChecks } from "./unknown.ts";
import { watchdogChecks } from "./watchdog.ts";

export const clientChecks: readonly ClientCheck[] = [
  ...foldChecks,
  ...foldIdsChecks,
  ...foldContentsChecks,
  ...epochChecks,
  ...generationChecks,
  ...snapshotChecks,
  ...cursorChecks,
  ...heartbeatChecks,
  ...beatsBesideChecks,
  ...watchdogChecks,
  ...backoffChecks,
  ...adviceChecks,
  ...sessionBoundsChecks,
  ...askedEmptyChecks,
  ...batchesChecks,
  ...unknownChecks,
  ...expiryChecks,
  ...stateChecks,
];
