// What the runner decided: a file, read once for all virtual users.
import { SharedArray } from "k6/data";

/** A user of the run. */
export interface User {
  readonly id: string;
  readonly token: string;
}

export interface Plan {
  /** Of the user service. */
  readonly url: string;
  /** Names this run in texts, so that those of another are not taken for its own. */
  readonly run: string;
  readonly protoset: string;
  readonly summary: string;
  readonly durationS: number;
  /** Until all watchers are there; nothing is published before. */
  readonly rampS: number;
  readonly heartbeatMs: number;
  /** Most ids in one call. */
  readonly subscribeMax: number;
  readonly queryMax: number;
  /** Changes or calls each second. */
  readonly rate: number;
  readonly watchersPerVu: number;
  readonly targetsEach: number;
  /** Of rows, as ProtoJSON; missing: the profile takes none. */
  readonly ttl?: string;
  /** One delivery in so many is timed. */
  readonly sample: number;
  readonly rounds: number;
  readonly batch: number;
  readonly transports: readonly ("grpc" | "connect")[];
  readonly thresholds: Readonly<Record<string, readonly (string | { threshold: string; abortOnFail: boolean })[]>>;
  /** Certificates are not looked at. */
  readonly insecure: boolean;
}

declare const __ENV: Readonly<Record<string, string | undefined>>;
declare function open(path: string): string;

interface PlanFile {
  readonly plan: Plan;
  readonly users: { readonly [role: string]: readonly User[] };
}

const path = __ENV.USERSTATUS_PLAN;
if (path === undefined) throw new Error("start this by `npm run bench:k6 -- NAME`, which makes its plan");

export const plan: Plan = (
  new SharedArray("plan", () => [(JSON.parse(open(path)) as PlanFile).plan]) as Plan[]
)[0] as Plan;

/** Users of a role; kept once for all virtual users. */
export function usersOf(role: "watchers" | "targets" | "callers" | "comers"): readonly User[] {
  return new SharedArray(role, () => [...((JSON.parse(open(path as string)) as PlanFile).users[role] ?? [])]) as User[];
}
