// Subscribe, Unsubscribe, and filling a list up to its cap.
import { SubscriptionEndReason, type UserError } from "@userstatus/protocol";
import { durationOf, instantOf } from "../../units.ts";
import { Finding } from "../finding.ts";
import { type Fault, judgeOutcome, judgeVendorCode, sessionFaults } from "../judge/refusal.ts";
import { judgeStatus } from "../judge/status.ts";
import { sameEpoch } from "../judge/stream.ts";
import { endRow, subscribe, ttlFaults } from "../model/rows.ts";
import { addUser } from "../model/state.ts";
import { refreshViews } from "../model/views.ts";
import type { ListPick, Step } from "../steps.ts";
import { crowdMax } from "../walk/ground.ts";
import { answered, type Outcome, type Walk } from "../walk/walk.ts";
import { type Actor, actor, callOf } from "./acting.ts";
import { ttlOf } from "./texts.ts";

type Of<D extends Step["do"]> = Extract<Step, { readonly do: D }>;
type SubscribeAnswer = Awaited<ReturnType<Walk["lane"]["user"]["subscribe"]>>;
type UnsubscribeAnswer = Awaited<ReturnType<Walk["lane"]["user"]["unsubscribe"]>>;

/** The ids that a step means. Fillers are the first user again: they are counted before duplicates collapse. */
export function listOf(walk: Walk, ids: readonly number[], list: ListPick, max: number): string[] {
  const named = ids.flatMap((index) => walk.cast[index]?.id ?? []);
  if (list === "empty") return [];
  if (list === "malformed") return [...named, "no id"];
  const length = list === "longest" ? max : list === "too long" ? max + 1 : named.length;
  const [first = "nobody"] = named;
  return [...named.slice(0, length), ...Array.from({ length: Math.max(0, length - named.length) }, () => first)];
}

/** Faults of a list of ids. */
export function listFaults(ids: readonly string[], max: number, area: "query" | "sub" | "unsub"): Fault[] {
  const faults: Fault[] = [];
  if (ids.includes("no id")) faults.push({ reason: "INVALID_USER_ID", requirement: "id-user" });
  if (ids.length > max) faults.push({ reason: "BATCH_TOO_LARGE", requirement: `${area}-batch` });
  if (ids.length === 0) faults.push({ reason: "BATCH_EMPTY", requirement: `${area}-empty` });
  return faults;
}

/** Each id of the list once, in the order of first occurrence. */
export function sameIds(got: readonly string[], ids: readonly string[], what: string, requirement: string): void {
  const expected = [...new Set(ids)];
  if (got.length === expected.length && got.every((id, at) => id === expected[at])) return;
  throw new Finding([requirement], `the users in ${what}`, expected.join(", ") || "nobody", got.join(", ") || "nobody");
}

/** The failure of one user of a batch. */
export function judgeUserError(
  walk: Walk,
  error: UserError | undefined,
  reason: string,
  what: string,
  requirement: string,
): void {
  if (error?.reason !== reason) throw new Finding([requirement], what, reason, error?.reason ?? "no error");
  judgeVendorCode(walk.app, reason, error.metadata, what);
}

export async function doSubscribe(walk: Walk, step: Of<"subscribe">): Promise<void> {
  const { rules } = walk.app;
  const who = actor(walk, step);
  const ids = listOf(walk, step.ids, step.list, rules.rows.subscribeMax);
  const ttlMs = ttlOf(rules.rows, step.ttl, 90_000);
  takeSubscribe(walk, who, ids, ttlMs, await callSubscribe(walk, who, ids, ttlMs));
}

export function callSubscribe(
  walk: Walk,
  who: Actor,
  ids: readonly string[],
  ttlMs: number | undefined,
): Promise<Outcome<SubscribeAnswer>> {
  const ttl = ttlMs === undefined ? {} : { ttl: durationOf(ttlMs) };
  return callOf(walk, who, "Subscribe", (options) =>
    walk.lane.user.subscribe({ sessionId: who.sessionId, userIds: [...ids], ...ttl }, options),
  );
}

export function takeSubscribe(
  walk: Walk,
  who: Actor,
  ids: readonly string[],
  ttlMs: number | undefined,
  outcome: Outcome<SubscribeAnswer>,
): boolean {
  const { app } = walk;
  const { user, sessionId } = who;
  const what = `the answer of Subscribe of ${user.id}`;
  const { faults, mayBe } = sessionFaults(user, sessionId, false);
  const all = [
    ...faults,
    ...listFaults(ids, app.rules.rows.subscribeMax, "sub"),
    ...ttlFaults(app, ttlMs).map(([reason, requirement]) => ({ reason, requirement })),
  ];
  const selfOnly = ids.every((id) => id === user.id);
  const facts = { user, method: "Subscribe", what: `Subscribe of ${user.id}`, faults: all, mayBe, selfOnly };
  if (!judgeOutcome(walk, facts, outcome)) return false;
  const { results, epoch } = outcome.answer;
  sameEpoch(walk, epoch, `in ${what}`);
  sameIds(
    results.map(({ userId }) => userId),
    ids,
    what,
    "sub-result",
  );
  const made: { target: string; generation: bigint }[] = [];
  for (const { userId, result } of results) {
    const target = app.users.get(userId);
    const error = result.case === "error" ? result.value : undefined;
    const of = `what ${what} says of ${userId}`;
    if (userId === user.id) judgeUserError(walk, error, "SELF_NOT_ALLOWED", of, "sub-self");
    else if (target?.registered !== true) judgeUserError(walk, error, "USER_NOT_FOUND", of, "sub-unknown");
    else if (
      result.case !== "subscribed" ||
      result.value.subscription === undefined ||
      result.value.status === undefined
    )
      throw new Finding(["sub-result"], of, "a row and a status", error?.reason ?? "less");
    else {
      made.push({
        target: userId,
        generation: judgeGeneration(walk, who, userId, result.value.subscription.generation),
      });
    }
  }
  subscribe(app, user, made, ttlMs);
  for (const { userId, result } of results) {
    const target = app.users.get(userId);
    if (result.case !== "subscribed" || target === undefined) continue;
    judgeStatus(app, target, result.value.status ?? never(), `in ${what}`, "sub-result");
    judgeRow(walk, who, userId, result.value.subscription, what, "sub-ttl");
  }
  return true;
}

function judgeGeneration(walk: Walk, { user }: Actor, target: string, generation: bigint): bigint {
  const row = user.rows.get(target);
  const before = user.generations.get(target) ?? 0n;
  const what = `the generation of the row of ${user.id} to ${target}`;
  if (row !== undefined && generation !== row.generation)
    throw new Finding(["sub-refresh"], what, `${row.generation}, as before`, String(generation));
  if (row === undefined && generation <= before)
    throw new Finding(["sub-generation"], what, `more than ${before}`, String(generation));
  walk.record?.("generation", row === undefined ? "a new one" : "as before");
  return generation;
}

/** A row in an answer. */
export function judgeRow(
  { app }: Walk,
  { user }: Actor,
  target: string,
  got: SubscribedRow,
  what: string,
  requirement: string,
): void {
  const row = user.rows.get(target);
  const of = `the row to ${target} in ${what}`;
  if (row === undefined) throw new Finding([requirement], of, "none", "one");
  if (got?.userId !== target || got.generation !== row.generation)
    throw new Finding([requirement, "sub-generation"], of, `generation ${row.generation}`, String(got?.generation));
  if (!app.timed) return;
  const told = `until ${instantOf(got.expireTime)}, refreshed at ${instantOf(got.refreshTime)}`;
  const expected = `until ${row.endMs}, refreshed at ${row.refreshMs}`;
  if (told !== expected)
    throw new Finding([requirement, "sub-refresh", "sub-ttl-absent", "sub-ttl"], of, expected, told);
}

type SubscribedRow = SubscribeAnswer["results"][number] extends { result: infer R }
  ? R extends { case: "subscribed"; value: infer V }
    ? V extends { subscription?: infer S }
      ? S | undefined
      : never
    : never
  : never;

function never(): never {
  throw new RangeError("looked at before");
}

export async function doUnsubscribe(walk: Walk, step: Of<"unsubscribe">): Promise<void> {
  const who = actor(walk, step);
  const { unsubscribeMax } = walk.app.rules.rows;
  const ids =
    step.list === "all" || step.list === "unset" ? step.list : listOf(walk, step.ids, step.list, unsubscribeMax);
  takeUnsubscribe(walk, who, ids, await callUnsubscribe(walk, who, ids));
}

type Ids = readonly string[] | "all" | "unset";

export function callUnsubscribe(walk: Walk, who: Actor, ids: Ids): Promise<Outcome<UnsubscribeAnswer>> {
  const { sessionId } = who;
  return callOf(walk, who, "Unsubscribe", (options) => {
    if (ids === "all") return walk.lane.user.unsubscribe({ sessionId, target: { case: "all", value: {} } }, options);
    if (ids === "unset") return walk.lane.user.unsubscribe({ sessionId }, options);
    return walk.lane.user.unsubscribe({ sessionId, target: { case: "users", value: { userIds: [...ids] } } }, options);
  });
}

export function takeUnsubscribe(walk: Walk, who: Actor, ids: Ids, outcome: Outcome<UnsubscribeAnswer>): boolean {
  const { app } = walk;
  const { user, sessionId } = who;
  const what = `the answer of Unsubscribe of ${user.id}`;
  const { unsubscribeMax, emptyMeansAll } = app.rules.rows;
  const named = ids === "all" || ids === "unset" ? [] : ids;
  const meansAll = ids === "all" || (named.length === 0 && emptyMeansAll);
  const { faults, mayBe } = sessionFaults(user, sessionId, false);
  const all = [...faults, ...(meansAll ? [] : listFaults(named, unsubscribeMax, "unsub"))];
  const selfOnly = named.length > 0 && named.every((id) => id === user.id);
  const facts = { user, method: "Unsubscribe", what: `Unsubscribe of ${user.id}`, faults: all, mayBe, selfOnly };
  if (!judgeOutcome(walk, facts, outcome)) return false;
  const { endedUserIds, failures } = outcome.answer;
  const registered = (id: string): boolean => app.users.get(id)?.registered === true;
  const targets = meansAll ? [...user.rows.keys()].toSorted() : named;
  sameIds(endedUserIds, meansAll ? targets : targets.filter(registered), what, meansAll ? "unsub-all" : "unsub-result");
  const unknown = meansAll ? [] : targets.filter((id) => !registered(id));
  sameIds(
    failures.map(({ userId }) => userId),
    unknown,
    `the failures in ${what}`,
    "unsub-unknown",
  );
  for (const { userId, error } of failures)
    judgeUserError(walk, error, "USER_NOT_FOUND", `what ${what} says of ${userId}`, "unsub-unknown");
  for (const id of targets) {
    const row = user.rows.get(id);
    if (row !== undefined) endRow(user, row, SubscriptionEndReason.UNSUBSCRIBED, app.nowMs);
  }
  return true;
}

/** Whether the cap is one that walks try. */
export function canFill({ app, ground }: Walk): boolean {
  return ground.hasAdmin && app.rules.rows.cap <= crowdMax;
}

/** As many rows as the cap allows, and one more. */
export async function doFill(walk: Walk, step: Of<"fill">): Promise<void> {
  const { app } = walk;
  const { cap, subscribeMax } = app.rules.rows;
  const who = actor(walk, step);
  if (walk.crowd.length === 0) {
    walk.crowd = Array.from({ length: cap + 1 }, (_, index) => `x${index}-${walk.cast[0]?.id ?? ""}`.slice(0, 32));
    const userIds = walk.crowd;
    await answered(walk, "RegisterUsers", ["admin-register"], async () =>
      walk.lane.admin?.registerUsers({ userIds }, await walk.adminHeaders()),
    );
    for (const id of walk.crowd) refreshViews(app, addUser(app, id, true), "online-never");
  }
  const ttlMs = ttlOf(app.rules.rows, "usual", 0);
  const missing = walk.crowd.filter((id) => !who.user.rows.has(id)).slice(0, cap - who.user.rows.size + 1);
  for (let at = 0; at < missing.length; at += subscribeMax) {
    const ids = missing.slice(at, at + subscribeMax);
    if (!takeSubscribe(walk, who, ids, ttlMs, await callSubscribe(walk, who, ids, ttlMs))) return;
  }
}
