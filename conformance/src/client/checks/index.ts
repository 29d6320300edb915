// All checks of clients, in the order of SPEC.md §19.
import type { ClientCheck } from "../check.ts";
import { batchesChecks } from "./batches.ts";
import { epochChecks } from "./epoch.ts";
import { expiryChecks } from "./expiry.ts";
import { foldChecks } from "./fold.ts";
import { generationChecks } from "./generation.ts";
import { snapshotChecks } from "./snapshot.ts";
import { unknownChecks } from "./unknown.ts";

export const clientChecks: readonly ClientCheck[] = [
  ...foldChecks,
  ...epochChecks,
  ...generationChecks,
  ...snapshotChecks,
  ...batchesChecks,
  ...unknownChecks,
  ...expiryChecks,
];
