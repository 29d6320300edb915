// Reads: QueryStatuses, ListSubscriptions, and what the backend sees.
import { Finding } from "../finding.ts";
import { look } from "../judge/fence.ts";
import { type Fault, judgeOutcome, sessionFaults } from "../judge/refusal.ts";
import { judgeStatus } from "../judge/status.ts";
import { sameEpoch } from "../judge/stream.ts";
import { settle } from "../model/settle.ts";
import type { UserState } from "../model/state.ts";
import type { Step } from "../steps.ts";
import { answered, nameOf, type Outcome, type Walk } from "../walk/walk.ts";
import { type Actor, actor, callOf } from "./acting.ts";
import { judgeRow, judgeUserError, listFaults, listOf, sameIds } from "./rows.ts";

type Of<D extends Step["do"]> = Extract<Step, { readonly do: D }>;
type QueryAnswer = Awaited<ReturnType<Walk["lane"]["user"]["queryStatuses"]>>;

export async function doQuery(walk: Walk, step: Of<"query">): Promise<void> {
  const who = actor(walk, step);
  const ids = listOf(walk, step.ids, step.list, walk.app.rules.queryMax);
  takeQuery(walk, who, ids, await callQuery(walk, who, ids));
}

export function callQuery(walk: Walk, who: Actor, ids: readonly string[]): Promise<Outcome<QueryAnswer>> {
  return callOf(walk, who, "QueryStatuses", (options) =>
    walk.lane.user.queryStatuses({ sessionId: who.sessionId, userIds: [...ids] }, options),
  );
}

export function takeQuery(walk: Walk, who: Actor, ids: readonly string[], outcome: Outcome<QueryAnswer>): boolean {
  const { app } = walk;
  const { user, sessionId } = who;
  const { faults, mayBe } = sessionFaults(user, sessionId, false);
  const all = [...faults, ...listFaults(ids, app.rules.queryMax, "query")];
  const selfOnly = ids.length > 0 && ids.every((id) => id === user.id);
  const facts = { user, method: "QueryStatuses", what: `QueryStatuses of ${user.id}`, faults: all, mayBe, selfOnly };
  if (!judgeOutcome(walk, facts, outcome)) return false;
  judgeResults(walk, outcome.answer, ids, `the answer of QueryStatuses of ${user.id}`, user);
  return true;
}

/** `caller` undefined: the backend, who sees everybody as others do. */
function judgeResults(
  walk: Walk,
  { epoch, results }: QueryAnswer,
  ids: readonly string[],
  what: string,
  caller: UserState | undefined,
): void {
  const { app } = walk;
  const requirement = caller === undefined ? "admin-query" : "query-result";
  sameEpoch(walk, epoch, `in ${what}`);
  sameIds(
    results.map(({ userId }) => userId),
    ids,
    what,
    requirement,
  );
  for (const { userId, result } of results) {
    const target = app.users.get(userId);
    const error = result.case === "error" ? result.value : undefined;
    const of = `what ${what} says of ${userId}`;
    if (userId === caller?.id && !app.rules.querySelf)
      judgeUserError(walk, error, "SELF_NOT_ALLOWED", of, "query-self");
    else if (target?.registered !== true) judgeUserError(walk, error, "USER_NOT_FOUND", of, "query-unknown");
    else if (result.case !== "status")
      throw new Finding(
        [userId === caller?.id ? "query-self" : requirement],
        of,
        "a status",
        error?.reason ?? "nothing",
      );
    else {
      judgeStatus(app, target, result.value, `in ${what}`, requirement);
      walk.record?.("status asked for", `${nameOf(walk, userId)}: ${look(walk, result.value)}`);
    }
  }
}

export async function doAudit(walk: Walk): Promise<void> {
  settle(walk.app);
  const userIds = walk.cast.map(({ id }) => id);
  const answer = await answered(walk, "QueryStatuses of the backend", ["admin-query"], async () =>
    walk.lane.admin?.queryStatuses({ userIds }, await walk.adminHeaders()),
  );
  if (answer !== undefined)
    judgeResults(walk, answer as unknown as QueryAnswer, userIds, "the backend's QueryStatuses", undefined);
}

export async function doList(walk: Walk, step: Of<"list">): Promise<void> {
  const who = actor(walk, step);
  const { user, sessionId } = who;
  const { pageMax } = walk.app.rules.rows;
  const all = step.list === "empty" || (step.list === "these" && step.ids.length === 0);
  const userIds = all ? [] : listOf(walk, step.ids, step.list === "bad token" ? "these" : step.list, pageMax);
  const filtered = userIds.length > 0;
  const rows: string[] = [];
  const pageSizes: number[] = [];
  let pageToken = step.list === "bad token" ? "AAAA-never-given" : "";
  do {
    const outcome = await callOf(walk, who, "ListSubscriptions", (options) =>
      walk.lane.user.listSubscriptions({ sessionId, pageSize: step.page, pageToken, userIds }, options),
    );
    const { faults, mayBe } = sessionFaults(user, sessionId, false);
    const facts = {
      user,
      method: "ListSubscriptions",
      what: `ListSubscriptions of ${user.id}`,
      faults: [...faults, ...pageFaults(step, userIds, pageMax)],
      mayBe,
    };
    if (!judgeOutcome(walk, facts, outcome)) return;
    const { subscriptions, nextPageToken, epoch } = outcome.answer;
    const what = `a page of ListSubscriptions of ${user.id}`;
    sameEpoch(walk, epoch, `in ${what}`);
    const most = Math.min(step.page === 0 ? pageMax : step.page, pageMax);
    if (subscriptions.length > most)
      throw new Finding(["list-pages"], `the rows of ${what}`, `at most ${most}`, String(subscriptions.length));
    for (const { subscription, status } of subscriptions) {
      const target = walk.app.users.get(subscription?.userId ?? "");
      if (target === undefined || status === undefined)
        throw new Finding(["list-rows"], what, "rows with statuses", subscription?.userId ?? "no row");
      if (user.rows.has(target.id)) judgeStatus(walk.app, target, status, `in ${what}`, "list-rows");
      judgeRow(
        walk,
        who,
        target.id,
        subscription,
        what,
        filtered && !userIds.includes(target.id) ? "list-filter" : "list-rows",
      );
      rows.push(target.id);
    }
    pageSizes.push(subscriptions.length);
    pageToken = nextPageToken;
  } while (pageToken !== "" && pageSizes.length < 2000);
  walk.record?.("pages", pageSizes.join(" "));
  const expected = [...user.rows.keys()].filter((id) => !filtered || userIds.includes(id)).toSorted(byBytes);
  sameIds(rows, expected, `ListSubscriptions of ${user.id}`, filtered ? "list-filter" : "list-rows");
  if (rows.length !== expected.length)
    throw new Finding(["list-rows"], `the rows of ${user.id}`, expected.join(", "), rows.join(", "));
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function pageFaults(step: Of<"list">, userIds: readonly string[], pageMax: number): Fault[] {
  const faults: Fault[] = [];
  if (step.page < 0) faults.push({ reason: "INVALID_FIELD", requirement: "list-pages" });
  if (userIds.length > pageMax) faults.push({ reason: "BATCH_TOO_LARGE", requirement: "list-pages" });
  if (userIds.includes("no id")) faults.push({ reason: "INVALID_USER_ID", requirement: "id-user" });
  if (step.list === "bad token") faults.push({ reason: "MALFORMED_PAGE_TOKEN", requirement: "list-pages" });
  return faults;
}
