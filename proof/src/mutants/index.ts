// Every mutant.
import type { Mutant } from "../mutant.ts";
import { appMutants } from "./apps.ts";
import { edgeMutants } from "./edge.ts";
import { limitMutants } from "./limits.ts";
import { raceMutants } from "./races.ts";
import { reasonMutants } from "./reasons.ts";
import { sessionMutants } from "./sessions.ts";
import { sightMutants } from "./sight.ts";
import { statusMutants } from "./statuses.ts";
import { subscriptionMutants } from "./subscriptions.ts";
import { timeMutants } from "./times.ts";
import { watchMutants } from "./watch.ts";

export const mutants: readonly Mutant[] = [
  ...edgeMutants,
  ...reasonMutants,
  ...limitMutants,
  ...sessionMutants,
  ...statusMutants,
  ...timeMutants,
  ...subscriptionMutants,
  ...watchMutants,
  ...raceMutants,
  ...appMutants,
  ...sightMutants,
];
