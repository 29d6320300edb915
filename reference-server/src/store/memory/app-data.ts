// All that the in-memory store holds of one app.
import type { UserRecord } from "../../core/model.ts";
import { initialFeatures } from "../features.ts";
import type { Features } from "../store.ts";
import { createDueHeap, type DueHeap } from "./due-heap.ts";

export interface AppData {
  readonly appId: string;
  readonly users: Map<string, UserRecord>;
  /** Admitted calls by user and procedure, for limited procedures. */
  readonly rateLogs: Map<string, number[]>;
  readonly due: DueHeap;
  /** The due time under which a user stands in the heap, if he does. */
  readonly scheduled: Map<string, number>;
  epoch: string;
  /** Number of the last commit. */
  seq: number;
  features: Features;
  featuresSeq: number;
  rowsEra: number;
  /** The test clock, once it was moved; null: wall time. */
  stoppedAtMs: number | null;
  /** The app's time never goes below this: its clock was moved once, and there is no test clock any more. */
  floorMs: number;
  timer: { cancel: () => void; dueMs: number } | null;
}

export function createAppData(appId: string, epoch: string): AppData {
  return {
    appId,
    users: new Map(),
    rateLogs: new Map(),
    due: createDueHeap(),
    scheduled: new Map(),
    epoch,
    seq: 0,
    features: initialFeatures,
    featuresSeq: 0,
    rowsEra: 0,
    stoppedAtMs: null,
    floorMs: 0,
    timer: null,
  };
}
