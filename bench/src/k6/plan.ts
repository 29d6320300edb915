// From options and what the server advertises to the plan of a script: sizes that the server's limits allow, users, thresholds.
import type { GetServerInfoResponse } from "@userstatus/protocol";
import type { K6Options } from "./options.ts";
import type { Script, Sizes, Threshold } from "./scripts.ts";

/** How many users of each role a run needs. */
export interface RoleCounts {
  readonly watchers: number;
  readonly targets: number;
  readonly callers: number;
  readonly comers: number;
}

export interface Planned {
  readonly sizes: Sizes;
  readonly users: RoleCounts;
  readonly transports: readonly ("grpc" | "connect")[];
  readonly rampS: number;
  readonly heartbeatMs: number;
  readonly watchersPerVu: number;
  readonly subscribeMax: number;
  readonly queryMax: number;
  /** Of rows; undefined: the profile takes none. */
  readonly ttl: string | undefined;
  readonly sample: number;
  readonly thresholds: Readonly<Record<string, readonly Threshold[]>>;
}

type Profile = NonNullable<GetServerInfoResponse["profile"]>;
type Span = { readonly seconds: bigint; readonly nanos: number } | undefined;

/** Watchers that a server on a shared core lets in each second, with room to spare. */
const openedEachS = 40;
const rampLeastS = 3;
/** k6 keeps every sample of a trend: beyond so many only one in some is kept. */
const samplesMax = 300_000;
/** Most calls of one user for each that his rate allows: fixed windows and buckets refuse at the very bound. */
const rateShare = 0.8;
const callersLeast = 10;
/** Heartbeats are called this much earlier than the server asks for. */
const heartbeatShare = 0.8;
const usualBatchMax = 100;
const usualHeartbeatMs = 30_000;

/** Throws in words for people where the server's limits do not allow what was asked for. */
export function planOf(
  script: Script,
  options: K6Options,
  { profile, claims }: Pick<GetServerInfoResponse, "profile" | "claims">,
): Planned {
  const wanted = { ...(options.quick ? script.quick : script.sizes), ...options.sizes };
  const subscribeMax = profile?.subscription?.subscribeBatchMax ?? usualBatchMax;
  const queryMax = profile?.query?.batchMax ?? usualBatchMax;
  const rowsMax = profile?.subscription?.maxSubscriptions ?? Number.POSITIVE_INFINITY;
  const rateOf = (procedure: string): number => callsPerS(procedure, profile?.rateLimits ?? []) * rateShare;
  const targets = targetsFor(script, wanted, options, rateOf);
  const sizes: Sizes = {
    ...wanted,
    targets,
    each: Math.min(wanted.each, targets),
    batch: Math.min(wanted.batch, script.callersCall === "Subscribe" ? subscribeMax : queryMax, targets),
  };
  if (sizes.each > rowsMax) throw new Error(`--each ${sizes.each}: this server lets a user have ${rowsMax} rows`);
  if (script.name === "subscribe" && targets > rowsMax)
    throw new Error(`--targets ${targets}: this server lets a user have ${rowsMax} rows`);
  const callers =
    script.callersCall === undefined ? 0 : Math.max(callersLeast, Math.ceil(sizes.rate / rateOf(script.callersCall)));
  const transports = script.callersCall === undefined ? (["grpc"] as const) : transportsOf(options, claims);
  const users = { watchers: sizes.watchers, targets, callers, comers: script.comers };
  const deliveries = (sizes.rate * sizes.durationS * sizes.watchers * sizes.each) / targets;
  return {
    sizes,
    users,
    transports,
    rampS: options.rampS ?? Math.max(rampLeastS, Math.ceil(sizes.watchers / openedEachS)),
    heartbeatMs: heartbeatMsOf(profile),
    watchersPerVu: options.watchersPerVu ?? 10,
    subscribeMax,
    queryMax,
    ttl: ttlOf(profile?.subscription),
    sample: Math.max(1, Math.ceil(deliveries / samplesMax)),
    thresholds: thresholdsOf(script, options, sizes, transports),
  };
}

/** As many as asked for; unless that was said, as many more as the rate of each needs. */
function targetsFor(
  script: Script,
  { targets, rate }: Sizes,
  options: K6Options,
  rateOf: (procedure: string) => number,
): number {
  if (script.targetsCall === undefined) return targets;
  const each = rateOf(script.targetsCall);
  const needed = Math.ceil(rate / each);
  if (needed <= targets) return targets;
  if (options.sizes.targets === undefined) return needed;
  throw new Error(
    `--rate ${rate} with --targets ${targets}: this server lets each user change ${each / rateShare} times a second, of which ${Math.round(
      rateShare * 100,
    )} % are used; give --targets ${needed}, or --rate ${Math.floor(targets * each * 10) / 10}`,
  );
}

function transportsOf({ transports }: K6Options, claims: readonly string[]): readonly ("grpc" | "connect")[] {
  const canConnect = claims.includes("transport.connect") && claims.includes("codec.json");
  const left = transports.filter((transport) => transport === "grpc" || canConnect);
  if (left.length === 0) throw new Error("--transport connect: this server does not serve Connect with JSON");
  return left;
}

function msOf(span: Span): number | undefined {
  return span === undefined ? undefined : Number(span.seconds) * 1000 + span.nanos / 1e6;
}

/** Of LINUX, which is what the users of a run log in with. */
function heartbeatMsOf(profile: Profile | undefined): number {
  return Math.round((msOf(profile?.liveness.at(-1)?.heartbeatInterval) ?? usualHeartbeatMs) * heartbeatShare);
}

/** Longer than any run, where that may be said. */
const ttlWantedMs = 7 * 24 * 60 * 60 * 1000;

function ttlOf(rules: Profile["subscription"]): string | undefined {
  if (!rules?.callerTtl) return undefined;
  const [least, most] = [msOf(rules.minTtl) ?? 0, msOf(rules.maxTtl) ?? ttlWantedMs];
  return `${Math.floor(Math.min(most, Math.max(least, ttlWantedMs)) / 1000)}s`;
}

function callsPerS(procedure: string, limits: Profile["rateLimits"]): number {
  const limit = limits.find((rule) => rule.procedure === procedure);
  const windowMs = msOf(limit?.window) ?? 0;
  return limit && windowMs > 0 ? (limit.maxCalls * 1000) / windowMs : Number.POSITIVE_INFINITY;
}

/** So many refusals end a run early: the server is gone. */
const refusalsMost = 500;

function thresholdsOf(
  script: Script,
  { thresholds, quick }: K6Options,
  { watchers, rounds }: Sizes,
  transports: readonly string[],
): Record<string, readonly Threshold[]> {
  const own = Object.entries(script.thresholds).flatMap(([metric, expressions]) => {
    const [, transport] = /transport:(\w+)/.exec(metric) ?? [];
    if (transport !== undefined && !transports.includes(transport)) return [];
    // A brief run says whether it works, not how fast. k6 keeps apart by tag only what a threshold names.
    const slow = quick && expressions.some((one) => typeof one === "string" && one.startsWith("p("));
    return [[metric, slow ? ["max>=0"] : expressions] as const];
  });
  const all: Record<string, readonly Threshold[]> = { ...Object.fromEntries(own), ...thresholds };
  const and = (metric: string, more: Threshold): void => {
    all[metric] = [...(all[metric] ?? []), more];
  };
  and("userstatus_refused", { threshold: `count<${refusalsMost}`, abortOnFail: true });
  if (watchers === 0) return all;
  // Every watcher has to be judged, or nothing lost says nothing.
  and("userstatus_judged", `count>=${watchers}`);
  and("userstatus_streams_broken", { threshold: `count<${watchers}`, abortOnFail: true });
  if (script.name === "storm") and("userstatus_back", `count>=${watchers * rounds}`);
  return all;
}
