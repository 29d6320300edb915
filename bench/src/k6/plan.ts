// From options and what the server advertises to the plan of a script: sizes that the server's limits allow, users, thresholds.
import type { GetServerInfoResponse } from "@userstatus/protocol";
import type { K6Options } from "./options.ts";
import type { Script, Sizes } from "./scripts.ts";

export interface Planned {
  readonly sizes: Sizes;
  readonly rampS: number;
  readonly heartbeatMs: number;
  readonly watchersPerVu: number;
  readonly subscribeMax: number;
  readonly queryMax: number;
  readonly sample: number;
  readonly callers: number;
  readonly thresholds: Readonly<Record<string, readonly string[]>>;
}

/** Watchers that a server on a shared core lets in each second, with room to spare. */
const openedEachS = 40;
const rampLeastS = 5;
/** k6 keeps every sample of a trend: beyond so many only one in some is kept. */
const samplesMax = 300_000;
/** Most calls of one user for each that his rate allows: fixed windows and buckets refuse at the very bound. */
const rateShare = 0.8;

/** Throws in words for people where the server's limits do not allow what was asked for. */
export function planOf(
  script: Script,
  options: K6Options,
  { profile }: Pick<GetServerInfoResponse, "profile">,
): Planned {
  const asked = { ...(options.quick ? script.quick : script.sizes), ...options.sizes };
  const each = Math.min(asked.each, asked.targets);
  const subscribeMax = profile?.subscription?.subscribeBatchMax ?? 100;
  const queryMax = profile?.query?.batchMax ?? 100;
  const cap = profile?.subscription?.maxSubscriptions ?? Number.POSITIVE_INFINITY;
  if (each > cap) throw new Error(`--each ${each}: this server lets a user have ${cap} subscriptions`);
  const most = script.name === "query" ? queryMax : subscribeMax;
  const batch = Math.min(asked.batch, most, asked.targets);
  if (script.name === "subscribe" && asked.targets > cap)
    throw new Error(`--targets ${asked.targets}: this server lets a user have ${cap} subscriptions`);
  const perUser = callsPerS(script.procedure, profile?.rateLimits ?? []);
  const users = Math.ceil(asked.rate / (perUser * rateShare));
  if (script.procedure === "SetCustomStatus" && users > asked.targets)
    throw new Error(
      `--rate ${asked.rate}: of this server's users each may change ${perUser} times a second; --targets ${users} can`,
    );
  const rule = profile?.liveness.at(-1);
  const deliveries = (asked.rate * asked.durationS * asked.watchers * each) / Math.max(1, asked.targets);
  const sizes = { ...asked, each, batch };
  return {
    sizes,
    rampS: options.rampS ?? Math.max(rampLeastS, Math.ceil(asked.watchers / openedEachS)),
    heartbeatMs: Math.round(
      (Number(rule?.heartbeatInterval?.seconds ?? 30n) * 1000 + (rule?.heartbeatInterval?.nanos ?? 0) / 1e6) * 0.8,
    ),
    watchersPerVu: options.watchersPerVu ?? 10,
    subscribeMax,
    queryMax,
    sample: Math.max(1, Math.ceil(deliveries / samplesMax)),
    callers: asked.batch === 0 ? 0 : Math.max(10, users),
    thresholds: thresholdsOf(script, options),
  };
}

function callsPerS(
  procedure: string | undefined,
  limits: NonNullable<GetServerInfoResponse["profile"]>["rateLimits"],
): number {
  const limit = limits.find((rule) => rule.procedure === procedure);
  const windowS = Number(limit?.window?.seconds ?? 0n) + (limit?.window?.nanos ?? 0) / 1e9;
  return limit && windowS > 0 ? limit.maxCalls / windowS : Number.POSITIVE_INFINITY;
}

function thresholdsOf(script: Script, { thresholds, quick, transports }: K6Options): Record<string, readonly string[]> {
  const own = Object.entries(script.thresholds).filter(([metric, expressions]) => {
    // A brief run says whether it works, not how fast.
    if (quick && expressions.some((expression) => expression.startsWith("p("))) return false;
    const [, transport] = /transport:(\w+)/.exec(metric) ?? [];
    return transport === undefined || transports.includes(transport as "grpc" | "connect");
  });
  return { ...Object.fromEntries(own), dropped_iterations: ["count>=0"], ...thresholds };
}
