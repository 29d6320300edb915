// The commands that make one call: set, query, subscribe, unsubscribe, list.
import type { SubscribedUser } from "@userstatus/protocol";
import { checkUserIds } from "../../session-calls.ts";
import { type Context, parseTtl } from "../context.ts";
import { exitCodes, UsageError } from "../failure.ts";
import { batchExitCode, type OneShotFlags, withOneShot } from "../one-shot.ts";
import {
  failedCells,
  humanTime,
  type Json,
  refusalJson,
  selfJson,
  statusCells,
  statusHead,
  statusJson,
  subscriptionJson,
} from "../output/status.ts";
import { tableLines } from "../output/text.ts";

/** Prints rows as JSON lines, or as one table. */
function print(
  context: Context,
  head: readonly string[],
  rows: readonly { json: Json; cells: readonly string[] }[],
): void {
  if (context.json) for (const { json } of rows) context.printJson(json);
  else
    for (const line of tableLines(
      head,
      rows.map(({ cells }) => cells),
    ))
      context.io.out(line);
}

/** Ids as flags give them: wrong ones are a matter of usage. */
export function idArguments(ids: readonly string[]): string[] {
  try {
    return checkUserIds(ids);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export interface SetFlags extends OneShotFlags {
  readonly ttl?: string | undefined;
  readonly clear?: boolean | undefined;
}

export function setCommand(context: Context, text: string | undefined, flags: SetFlags): Promise<number> {
  const clear = flags.clear === true;
  if (clear === (text !== undefined)) throw new UsageError("give a text, or --clear");
  const ttlMs = parseTtl(flags.ttl, "--ttl");
  if (clear && ttlMs !== undefined) throw new UsageError("--ttl has no meaning with --clear");
  return withOneShot(context, flags, async ({ calls, control }) => {
    const self = await calls.setCustomStatus(text ?? "", ttlMs, control);
    const cells = statusCells(self.status?.userId ?? "", self.status, context.io.now());
    print(context, statusHead, [{ json: selfJson(self), cells }]);
    return exitCodes.ok;
  });
}

export function queryCommand(context: Context, ids: readonly string[], flags: OneShotFlags): Promise<number> {
  const userIds = idArguments(ids);
  return withOneShot(context, flags, async ({ calls, control }) => {
    const results = await calls.query(userIds, control);
    const now = context.io.now();
    const rows = results.map((result) => {
      const { userId } = result;
      if (!result.ok)
        return {
          json: { userId, status: null, error: refusalJson(result.error) },
          cells: failedCells(userId, result.error),
        };
      return {
        json: { userId, status: statusJson(result.status), error: null },
        cells: statusCells(userId, result.status, now),
      };
    });
    print(context, statusHead, rows);
    return batchExitCode(results);
  });
}

export interface SubscribeFlags extends OneShotFlags {
  readonly ttl?: string | undefined;
}

export function subscribeCommand(context: Context, ids: readonly string[], flags: SubscribeFlags): Promise<number> {
  const userIds = idArguments(ids);
  const ttlMs = parseTtl(flags.ttl, "--ttl");
  return withOneShot(context, flags, async ({ calls, control }) => {
    const results = await calls.subscribe(userIds, ttlMs, control);
    const now = context.io.now();
    const rows = results.map((result) => {
      const { userId } = result;
      if (!result.ok) {
        const json = { userId, status: null, subscription: null, error: refusalJson(result.error) };
        return { json, cells: [...failedCells(userId, result.error), "-"] };
      }
      const { status, subscription } = result;
      const json = { userId, status: statusJson(status), subscription: subscriptionJson(subscription), error: null };
      return { json, cells: [...statusCells(userId, status, now), humanTime(subscription.expireTime, now)] };
    });
    print(context, [...statusHead, "SUBSCRIBED UNTIL"], rows);
    return batchExitCode(results);
  });
}

export interface UnsubscribeFlags extends OneShotFlags {
  readonly all?: boolean | undefined;
}

export function unsubscribeCommand(context: Context, ids: readonly string[], flags: UnsubscribeFlags): Promise<number> {
  const all = flags.all === true;
  if (all === ids.length > 0) throw new UsageError("give users, or --all");
  const userIds = all ? [] : idArguments(ids);
  return withOneShot(context, flags, async ({ calls, control }) => {
    const results = all
      ? (await calls.unsubscribeAll([], control)).map((userId) => ({ ok: true as const, userId }))
      : await calls.unsubscribe(userIds, control);
    const rows = results.map((result) => ({
      json: { userId: result.userId, ended: result.ok, error: refusalJson(result.ok ? undefined : result.error) },
      cells: [result.userId, result.ok ? "not subscribed any more" : result.error.reason],
    }));
    print(context, ["USER", "RESULT"], rows);
    return batchExitCode(results);
  });
}

export function listCommand(context: Context, ids: readonly string[], flags: OneShotFlags): Promise<number> {
  const filter = ids.length === 0 ? {} : { userIds: idArguments(ids) };
  return withOneShot(context, flags, async ({ calls, control }) => {
    const users: SubscribedUser[] = [];
    for await (const user of calls.list({ ...control, ...filter })) users.push(user);
    const now = context.io.now();
    const rows = users.map(({ subscription, status }) => {
      const userId = subscription?.userId ?? status?.userId ?? "";
      const json = { userId, status: statusJson(status), subscription: subscriptionJson(subscription) };
      return { json, cells: [...statusCells(userId, status, now), humanTime(subscription?.expireTime, now)] };
    });
    if (rows.length === 0) context.note("no subscriptions");
    else print(context, [...statusHead, "SUBSCRIBED UNTIL"], rows);
    return exitCodes.ok;
  });
}
