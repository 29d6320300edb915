// The command info: what a server is, in words or as ProtoJSON.
import { toJson } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import {
  GateSchema,
  type GetServerInfoResponse,
  GetServerInfoResponseSchema,
  OnlineStatusSchema,
  type Platform,
  PlatformSchema,
  type Profile,
  SelfViewSchema,
  UserStatusService,
} from "@userstatus/protocol";
import { neverAborted } from "../../abort.ts";
import { authorization } from "../../rpc.ts";
import type { Context } from "../context.ts";
import { formatDuration } from "../duration.ts";
import { exitCodes } from "../failure.ts";
import { callTimeoutMs } from "../one-shot.ts";
import { enumWord, type Json } from "../output/status.ts";
import { tableLines } from "../output/text.ts";

/** With a token it describes the token's app; without one, the server. */
export async function infoCommand(context: Context, identified: boolean): Promise<number> {
  const { transport, close } = context.connect();
  try {
    const headers = identified ? authorization(await context.tokens().get(neverAborted)) : {};
    const service = createClient(UserStatusService, transport);
    const info = await service.getServerInfo({}, { headers, signal: context.io.interrupted, timeoutMs: callTimeoutMs });
    if (context.json)
      context.printJson(toJson(GetServerInfoResponseSchema, info, { alwaysEmitImplicit: true }) as Json);
    else for (const line of infoLines(info)) context.io.out(line);
    return exitCodes.ok;
  } finally {
    close();
  }
}

function infoLines(info: GetServerInfoResponse): string[] {
  const { profile } = info;
  const facts: [string, string][] = [
    ["Server", [info.serverName, info.serverVersion].filter(Boolean).join(" ") || "-"],
    ["Specification", info.specVersion],
    ["Profile", profile?.name ?? "-"],
    ["Claims", info.claims.join(", ") || "-"],
    ["Keep-alive", duration(info.keepAliveInterval)],
  ];
  if (profile === undefined) return tableLines(["WHAT", "VALUE"], facts);
  return [
    ...tableLines(["WHAT", "VALUE"], [...facts, ...limitFacts(profile)]),
    "",
    ...tableLines(["PLATFORMS", "HEARTBEAT", "LEASE", "GRACE", "AFTER LOSS", "DECAY"], livenessRows(profile)),
    "",
    ...tableLines(["CALL", "RATE", "GATED BY"], callRows(profile)),
  ];
}

function limitFacts(profile: Profile): [string, string][] {
  const { customStatus, subscription, query, status } = profile;
  return [
    ["Custom status", `${customStatus?.maxBytes ?? 0} bytes, ${ttl(customStatus)}`],
    ["Subscriptions", `${subscription?.maxSubscriptions ?? 0} a user, ${ttl(subscription)}`],
    [
      "Subscribe, unsubscribe",
      `${subscription?.subscribeBatchMax ?? 0} and ${subscription?.unsubscribeBatchMax ?? 0} users a call`,
    ],
    ["Query", `${query?.batchMax ?? 0} users a call, oneself ${query?.selfAllowed ? "too" : "not"}`],
    ["List", `${subscription?.listPageMax ?? 0} rows a page`],
    ["Shows", shows(status)],
    ["Sessions", `${profile.sessionPolicy || "-"}: ${profile.sessionRules.map(sessionRule).join("; ")}`],
  ];
}

function shows(status: Profile["status"]): string {
  const parts = [status?.targetPlatforms ? "platforms" : "", status?.timestamps ? "times" : ""].filter(Boolean);
  return `${["statuses", ...parts].join(", ")}; own view ${enumWord(SelfViewSchema, status?.selfView ?? 0)}`;
}

interface TtlRules {
  readonly callerTtl: boolean;
  readonly minTtl?: Duration | undefined;
  readonly maxTtl?: Duration | undefined;
  readonly defaultTtl?: Duration | undefined;
}

function ttl(rules: TtlRules | undefined): string {
  const standing =
    rules?.defaultTtl === undefined ? "without end by default" : `${duration(rules.defaultTtl)} by default`;
  return rules?.callerTtl
    ? `ttl ${duration(rules.minTtl)} to ${duration(rules.maxTtl)}, ${standing}`
    : `no ttl, ${standing}`;
}

function sessionRule(rule: Profile["sessionRules"][number]): string {
  const where = rule.platforms.length === 0 ? "" : ` on ${platforms(rule.platforms)}`;
  return `${rule.maxSessions}${where}${rule.perPlatform ? ", each platform by itself" : ""}`;
}

function livenessRows(profile: Profile): string[][] {
  return profile.liveness.map((rule) => [
    rule.platforms.length === 0 ? "all others" : platforms(rule.platforms),
    duration(rule.heartbeatInterval),
    duration(rule.lease),
    duration(rule.grace),
    enumWord(OnlineStatusSchema, rule.afterLoss),
    duration(rule.decay),
  ]);
}

function callRows(profile: Profile): string[][] {
  const names = UserStatusService.methods.map((method) => method.name);
  return names.flatMap((name) => {
    const rate = profile.rateLimits.find((limit) => limit.procedure === name);
    const gates = profile.gates
      .filter((rule) => rule.procedures.includes(name))
      .map((rule) => enumWord(GateSchema, rule.gate));
    if (rate === undefined && gates.length === 0) return [];
    const limit =
      rate === undefined
        ? "no limit"
        : `${rate.maxCalls} in ${duration(rate.window)}${rate.selfExempt ? ", oneself free" : ""}`;
    return [[name, limit, gates.join(", ") || "-"]];
  });
}

function platforms(list: readonly Platform[]): string {
  return list.map((platform) => enumWord(PlatformSchema, platform)).join(", ");
}

function duration(value: Duration | undefined): string {
  return value === undefined ? "-" : formatDuration(durationMs(value));
}
