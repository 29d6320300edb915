// The fence: a Sync on each open Watch; then what a client holds must be what the model says that he sees (SPEC §12).
import type { UserStatus } from "@userstatus/protocol";
import { instantOf } from "../../units.ts";
import { Finding } from "../finding.ts";
import { isFriendly, visibleTo } from "../model/rows.ts";
import { settle } from "../model/settle.ts";
import { sessionOf, type UserState } from "../model/state.ts";
import { othersContent } from "../model/views.ts";
import { attempt, nameOf, type Walk } from "../walk/walk.ts";
import type { OpenWatch } from "../walk/watch-stream.ts";
import { judgeOutcome } from "./refusal.ts";
import { contentOf, contentText, judgeSelf, judgeStatus } from "./status.ts";
import { endedBy, endText, judgeStreamEnd, takeEvent } from "./stream.ts";

/** Everything that was answered before has come on every Watch, or the server is at fault. */
export async function fence(walk: Walk): Promise<void> {
  settle(walk.app);
  await Promise.all([...walk.watches.values()].map((watch) => fenceOne(walk, watch)));
  walk.app.watchEndings = [];
}

async function fenceOne(walk: Walk, watch: OpenWatch): Promise<void> {
  const { app, ground } = walk;
  const user = userOf(walk, watch);
  const ending = app.watchEndings.find(({ sessionId }) => sessionId === watch.sessionId);
  if (ending !== undefined) {
    await watch.until(watch.isOver, ground.patienceMs);
    if (!watch.isOver()) {
      const what = `the end of a Watch of ${user.id}`;
      throw new Finding([ending.requirement], what, `it, within ${ground.patienceMs} ms`, "an open stream");
    }
    return over(walk, watch, user);
  }
  const marker = markerOf(walk);
  const seen = watch.events.length;
  const from = watch.taken;
  watch.markers.add(marker);
  const outcome = await attempt(walk, "Sync", async () =>
    walk.lane.user.sync({ sessionId: watch.sessionId, marker }, await walk.headersOf(user)),
  );
  if (outcome.refusal !== undefined && (watch.isOver() || (await watch.until(watch.isOver, 500)))) {
    return over(walk, watch, user);
  }
  const facts = { user, method: "Sync", what: `Sync of ${user.id}`, faults: [], limited: false };
  judgeOutcome(walk, facts, outcome);
  let at = -1;
  const came = await watch.until(() => {
    at = watch.events.findIndex(
      (event, index) => index >= from && event.case === "synced" && event.value.marker === marker,
    );
    return at >= 0;
  }, ground.patienceMs);
  if (!came) {
    if (watch.isOver()) return over(walk, watch, user);
    const got =
      watch.events
        .slice(seen)
        .map((event) => event.case)
        .join(" ") || "nothing more";
    throw new Finding(
      ["sync-fence", "sync-marker", "sync-own"],
      `the marker of a Sync of ${user.id}`,
      JSON.stringify(marker),
      got,
    );
  }
  takeUntil(walk, watch, user, at + 1);
  compareHeld(walk, watch, user, "after the fence");
}

/** The stream is over: it ended as it had to, or for a reason that is always allowed. */
function over(walk: Walk, watch: OpenWatch, user: UserState): void {
  judgeStreamEnd(walk, watch, user);
  watch.endedMs = walk.app.nowMs;
  walk.watches.delete(watch.sessionId);
  watch.close().catch(() => undefined);
}

/** Markers of all lengths (sync-marker). */
function markerOf(walk: Walk): string {
  const number = ++walk.markers;
  const text = `fence ${number} `;
  return number % 3 === 0 ? text.padEnd(64, "~") : number % 3 === 1 ? text.padEnd(40, "m") : text.trim();
}

/** Takes events into account up to this index. */
export function takeUntil(walk: Walk, watch: OpenWatch, user: UserState, end: number): void {
  const now = visibleTo(walk.app, user);
  watch.visible = new Set([...watch.visible, ...now]);
  const ended: { target: string; generation: bigint; stillVisible: boolean }[] = [];
  for (; watch.taken < end; watch.taken++) {
    const event = watch.events[watch.taken];
    if (event === undefined) break;
    takeEvent(walk, watch, user, event);
    if (event.case === "subscriptionEnded") {
      const { userId: target, generation, stillVisible } = event.value;
      ended.push({ target, generation, stillVisible });
    }
  }
  judgeEnds(walk, watch, user, ended);
  watch.visible = now;
  watch.endsFrom = user.rowEnds.length;
  for (const target of now) {
    const { others } = walk.app.users.get(target) ?? user;
    watch.historyFrom.set(target, others.history.length);
  }
}

/** Rows that ended and were not made anew were told; and whether the target is still seen in another way. */
function judgeEnds(
  walk: Walk,
  watch: OpenWatch,
  user: UserState,
  told: readonly { readonly target: string; readonly generation: bigint; readonly stillVisible: boolean }[],
): void {
  if (watch.phase !== "live") return;
  const ends = user.rowEnds.slice(watch.endsFrom);
  for (const end of ends) {
    const { target, generation, reason } = end;
    const isLast = ends.findLast((other) => other.target === target) === end;
    if (!isLast || (generation === 0n ? isFriendly(walk.app, user, target) : user.rows.has(target))) continue;
    const what = `the end of the row of ${user.id} to ${target}`;
    const came = told.filter((other) => other.target === target).at(-1);
    if (came === undefined)
      throw new Finding([endedBy(reason)], what, endText(generation, reason), "nothing on the Watch");
    const gone = reasonIsGone(ends, target);
    const expected = generation === 0n ? user.rows.has(target) : isFriendly(walk.app, user, target);
    if (came.generation === generation && came.stillVisible !== expected && !gone)
      throw new Finding(
        ["friend-still-visible"],
        `still_visible of ${what}`,
        String(expected),
        String(came.stillVisible),
      );
    const name = nameOf(walk, target);
    walk.record?.(
      "row end",
      `${nameOf(walk, user.id)} to ${name}: reason ${reason}${came.stillVisible ? ", still visible" : ""}`,
    );
  }
}

/** A friend's row and his visibility ended together: which end came first is free. */
function reasonIsGone(ends: readonly { readonly target: string }[], target: string): boolean {
  return ends.filter((end) => end.target === target).length > 1;
}

/** What a client holds is what the model says. */
export function compareHeld(walk: Walk, watch: OpenWatch, user: UserState, when: string): void {
  const { app } = walk;
  const where = `held by a Watch of ${user.id} ${when}`;
  const opened = watch.resumed && when !== "after the fence";
  const base = opened ? "resume-covers" : when === "after the fence" ? "sub-delivers" : "watch-snapshot";
  if (watch.held.self === undefined && !watch.resumed)
    throw new Finding(["watch-snapshot"], `the self status ${where}`, "one", "none");
  if (watch.held.self !== undefined) judgeSelf(app, user, watch.held.self, where, "watch-self");
  compareRows(walk, watch, user, where);
  for (const target of visibleTo(app, user)) {
    const known = app.users.get(target);
    if (known === undefined) continue;
    const status = watch.held.statuses.get(target);
    const byRow = user.rows.has(target);
    if (status === undefined) {
      // Registered anew: told of with his next change, at the latest.
      if (!byRow && known.deletions > 0) continue;
      const requirements = byRow ? ["sub-told", base] : ["friend-switch", "friend-on", base];
      throw new Finding(
        requirements,
        `the status of ${target} ${where}`,
        contentText(known.others.content ?? othersContent(app, known)),
        "none",
      );
    }
    judgeStatus(app, known, status, where, byRow ? base : "friend-on");
    walk.record?.("held status", `${nameOf(walk, user.id)} of ${nameOf(walk, target)}: ${look(walk, status)}`);
  }
  for (const target of watch.held.statuses.keys()) {
    if (watch.visible.has(target)) continue;
    const requirements = ["unsub-ends", "watch-only-visible", "friend-switch"];
    throw new Finding(requirements, `the status of ${target} ${where}`, "none: he is not seen any more", "one");
  }
}

function compareRows(walk: Walk, watch: OpenWatch, user: UserState, where: string): void {
  for (const row of user.rows.values()) {
    const held = watch.held.rows.get(row.target);
    const what = `the row to ${row.target} ${where}`;
    if (held === undefined) {
      const requirements = watch.resumed ? ["resume-ended", "sub-told"] : ["sub-told", "watch-snapshot"];
      throw new Finding(requirements, what, `one of generation ${row.generation}`, "none");
    }
    if (held.generation !== row.generation)
      throw new Finding(
        ["sub-generation", "sub-refresh", "sub-told"],
        what,
        `generation ${row.generation}`,
        String(held.generation),
      );
    if (!walk.app.timed) continue;
    const got = `until ${instantOf(held.expireTime)}, refreshed at ${instantOf(held.refreshTime)}`;
    const expected = `until ${row.endMs}, refreshed at ${row.refreshMs}`;
    if (got !== expected) throw new Finding(["sub-refresh", "sub-told", "sub-ttl"], what, expected, got);
  }
  for (const [target, row] of watch.held.rows) {
    if (user.rows.has(target)) continue;
    const last = user.rowEnds.findLast((end) => end.target === target && end.generation === row.generation);
    const requirements = last === undefined ? ["sub-told"] : [endedBy(last.reason), "resume-ended"];
    throw new Finding(
      requirements,
      `the row to ${target} ${where}`,
      "none: it has ended",
      `one of generation ${row.generation}`,
    );
  }
}

/** A status without what differs between servers. */
export function look(walk: Walk, status: UserStatus): string {
  const { nowMs, timed } = walk.app;
  const since = (ms: number | undefined): number | undefined => (ms === undefined || !timed ? undefined : ms - nowMs);
  const content = contentOf(status);
  const updated = since(instantOf(status.updateTime));
  const text = contentText({
    ...content,
    textEndMs: since(content.textEndMs),
    onlineMs: since(content.onlineMs),
    textMs: since(content.textMs),
  });
  return updated === undefined ? text : `${text}, updated at ${updated}`;
}

export function userOf(walk: Walk, watch: OpenWatch): UserState {
  const user = walk.app.users.get(watch.userId);
  if (user === undefined) throw new RangeError("a Watch of nobody");
  return user;
}

/** The session of an open Watch, if it still is one. */
export function watchIsOf(user: UserState, watch: OpenWatch): boolean {
  return sessionOf(user, watch.sessionId) !== undefined;
}
