// The command watch: subscribes, and prints what changes until Ctrl-C.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { type GetServerInfoResponse, SubscriptionEndReason, UserStatusService } from "@userstatus/protocol";
import type { UserStatusClient } from "../../client-types.ts";
import { toUserStatusError } from "../../errors.ts";
import { type Context, defaultDeviceId, parseTtl } from "../context.ts";
import { describeFailure, exitCodes } from "../failure.ts";
import { runLive } from "../live.ts";
import { callTimeoutMs } from "../one-shot.ts";
import { statusCells, statusHead } from "../output/status.ts";
import { printable, tableLines } from "../output/text.ts";
import { idArguments } from "./calls.ts";

export interface WatchFlags {
  readonly ttl?: string | undefined;
}

/** Ttl of rows where neither the user nor the profile says. */
const fallbackTtlMs = 3_600_000;

export async function watchCommand(context: Context, ids: readonly string[], flags: WatchFlags): Promise<number> {
  const userIds = ids.length === 0 ? [] : idArguments(ids);
  const givenTtlMs = parseTtl(flags.ttl, "--ttl");
  context.token();
  const info = await serverInfo(context);
  const ttlMs = givenTtlMs ?? neededTtlMs(info);
  return await runLive(context, {
    deviceId: context.deviceId ?? ownDeviceId(context, info),
    news: "targets",
    ready: async (client) => {
      const exitCode = userIds.length === 0 ? undefined : await subscribe(context, client, userIds, ttlMs);
      // A ttl that was asked for is kept to; else watching goes on, and so do the rows.
      if (givenTtlMs === undefined) renewRows(context, client, new Set(userIds), ttlMs);
      if (!context.json) printTable(context, client);
      return exitCode;
    },
  });
}

async function serverInfo(context: Context): Promise<GetServerInfoResponse> {
  const { transport, close } = context.connect();
  try {
    const service = createClient(UserStatusService, transport);
    return await service.getServerInfo({}, { signal: context.io.interrupted, timeoutMs: callTimeoutMs });
  } finally {
    close();
  }
}

/** A device of its own: a Watch on that of `login`, or of another `watch`, would take that one's place. */
function ownDeviceId(context: Context, info: GetServerInfoResponse): string {
  // With one session a user, another device would kick instead.
  if (!info.claims.includes("multi_session")) return defaultDeviceId;
  return `${defaultDeviceId}-watch-${Math.floor(context.io.random() * 36 ** 6).toString(36)}`;
}

/** Undefined where the profile has a default, or takes no ttl at all. */
function neededTtlMs(info: GetServerInfoResponse): number | undefined {
  const rules = info.profile?.subscription;
  if (rules === undefined || !rules.callerTtl || rules.defaultTtl !== undefined) return undefined;
  const minMs = rules.minTtl === undefined ? 0 : durationMs(rules.minTtl);
  const maxMs = rules.maxTtl === undefined ? fallbackTtlMs : durationMs(rules.maxTtl);
  return Math.min(Math.max(fallbackTtlMs, minMs), maxMs);
}

/** Answers an exit code only if nobody is left to be watched. */
async function subscribe(
  context: Context,
  client: UserStatusClient,
  userIds: readonly string[],
  ttlMs: number | undefined,
): Promise<number | undefined> {
  const control = { ttlMs, signal: context.io.interrupted, waitWhenLimited: true };
  const results = await client.subscribe(userIds, control);
  let failed = 0;
  for (const result of results) {
    if (result.ok) continue;
    failed += 1;
    context.io.err(`userstatus: ${printable(result.userId)}: ${printable(result.error.reason)}`);
  }
  return failed === results.length ? exitCodes.refused : undefined;
}

function renewRows(
  context: Context,
  client: UserStatusClient,
  userIds: ReadonlySet<string>,
  ttlMs: number | undefined,
): void {
  client.on("subscriptionEnded", ({ userId, reason }) => {
    if (reason !== SubscriptionEndReason.EXPIRED || !userIds.has(userId)) return;
    client.subscribe([userId], { ttlMs, waitWhenLimited: true }).catch((error: unknown) => {
      if (context.io.interrupted.aborted) return;
      context.note(`userstatus: ${describeFailure(toUserStatusError(error), context.url).message}`);
    });
  });
}

function printTable(context: Context, client: UserStatusClient): void {
  const now = context.io.now();
  const rows = [...client.statuses]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([userId, status]) => statusCells(userId, status, now));
  if (rows.length === 0) context.note("nobody is watched: name users, or subscribe to some");
  else for (const line of ["", ...tableLines(statusHead, rows), ""]) context.io.out(line);
}
