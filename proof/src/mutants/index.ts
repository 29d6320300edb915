// Every mutant.
import type { Mutant } from "../mutant.ts";
import { appMutants } from "./apps.ts";
import { edgeMutants } from "./edge.ts";
import { sessionMutants } from "./sessions.ts";
import { statusMutants } from "./statuses.ts";
import { subscriptionMutants } from "./subscriptions.ts";
import { watchMutants } from "./watch.ts";

export const mutants: readonly Mutant[] = [
  ...edgeMutants,
  ...sessionMutants,
  ...statusMutants,
  ...subscriptionMutants,
  ...watchMutants,
  ...appMutants,
];
