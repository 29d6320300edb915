// Whether the events of one Watch are among those that the model allows, one by one (SPEC §11, §12, §13).
import {
  ResumeResult,
  type SubscriptionEnded,
  SubscriptionEndReason,
  type UserStatus,
  type WatchEnd,
  WatchEndReason,
} from "@userstatus/protocol";
import { Finding } from "../finding.ts";
import type { UserState } from "../model/state.ts";
import { rowEndName, watchEndName } from "../names.ts";
import { copyHeld, fold } from "../walk/fold.ts";
import { nameOf, type Walk } from "../walk/walk.ts";
import type { CursorRecord, Event, OpenWatch } from "../walk/watch-stream.ts";
import { contentOf, contentText, sameLook } from "./status.ts";

const cursorsKept = 8;

/** Takes the next event. Content is judged where the stream is compared with the model as a whole. */
export function takeEvent(walk: Walk, watch: OpenWatch, user: UserState, event: Event): void {
  const where = `on a Watch of ${user.id}`;
  if ((event.case === "hello") !== (watch.phase === "hello")) {
    const expected = watch.phase === "hello" ? "hello first" : "no second hello";
    throw new Finding(["watch-hello"], `the events ${where}`, expected, event.case ?? "an unknown event");
  }
  rise(watch, event, where);
  switch (event.case) {
    case "hello": {
      sameEpoch(walk, event.value.epoch, where);
      watch.resumed = event.value.resumeResult === ResumeResult.RESUMED;
      watch.phase = "snapshot";
      break;
    }
    case "status":
      visible(walk, watch, user, event.value, where);
      watch.rowsWithoutStatus.delete(event.value.userId);
      break;
    case "subscribed":
      if (watch.phase === "snapshot") watch.rowsWithoutStatus.add(event.value.userId);
      break;
    case "subscriptionEnded":
      judgeEnd(walk.app.nowMs, user, event.value, where);
      break;
    case "synced":
      if (!watch.markers.delete(event.value.marker)) {
        const got = `another ${JSON.stringify(event.value.marker)}`;
        throw new Finding(["sync-own", "sync-marker"], `markers ${where}`, "each Sync's once, on its Watch only", got);
      }
      break;
    case "snapshotEnd":
      snapshotEnds(walk, watch, event.value.cursor, where);
      break;
    case "progress":
      if (watch.phase !== "live")
        throw new Finding(["watch-snapshot-end"], `the events ${where}`, "no progress before snapshot_end", "one");
      keepCursor(walk, watch, event.value.cursor);
      break;
    default:
      break;
  }
  watch.held = fold(watch.held, event);
  if (event.case === "snapshotEnd") keepCursor(walk, watch, event.value.cursor);
}

function snapshotEnds(walk: Walk, watch: OpenWatch, cursor: Uint8Array, where: string): void {
  if (watch.phase !== "snapshot")
    throw new Finding(["watch-snapshot-end"], `the events ${where}`, "exactly one snapshot_end", "another one");
  if (cursor.length < 1 || cursor.length > 512)
    throw new Finding(["watch-snapshot-end"], `the cursor ${where}`, "1 to 512 bytes", `${cursor.length} bytes`);
  const [bare] = watch.rowsWithoutStatus;
  if (bare !== undefined && !watch.resumed) {
    const expected = `the status of ${bare} after its row`;
    throw new Finding(["watch-snapshot"], `the snapshot ${where}`, expected, "none until snapshot_end");
  }
  watch.rowsWithoutStatus.clear();
  watch.phase = "live";
  walk.record?.("snapshot", watch.resumed ? "RESUMED" : "RESET");
}

function keepCursor(walk: Walk, watch: OpenWatch, cursor: Uint8Array): void {
  if (cursor.length === 0) return;
  const user = walk.app.users.get(watch.userId);
  const records = walk.cursors.get(watch.userId) ?? [];
  const record: CursorRecord = {
    cursor,
    held: copyHeld(watch.held),
    watch,
    surroundings: walk.app.surroundings,
    rowEnds: user?.rowEnds.length ?? 0,
    deletions: user?.deletions ?? 0,
  };
  // Of one Watch only the newest counts.
  const kept = records.filter((other) => other.watch !== watch);
  walk.cursors.set(watch.userId, [...kept, record].slice(-cursorsKept));
}

/** On one stream revisions never go down (rev-order). */
function rise(watch: OpenWatch, event: Event, where: string): void {
  if (event.case !== "status" && event.case !== "self") return;
  const target = event.case === "status" ? event.value.userId : "";
  const revision = (event.case === "status" ? event.value.revision : event.value.status?.revision) ?? 0n;
  const before = watch.carried.get(target) ?? -1n;
  if (revision < before) {
    const what = `the revisions of ${target === "" ? "self" : target} ${where}`;
    throw new Finding(["rev-order"], what, `${before} or more`, String(revision));
  }
  watch.carried.set(target, revision);
}

/** Nobody but those who are visible, or were since the last fence, and as they were at some time since then. */
function visible({ app }: Walk, watch: OpenWatch, user: UserState, status: UserStatus, where: string): void {
  const target = app.users.get(status.userId);
  const since = user.rowEnds.slice(watch.endsFrom).map((end) => end.target);
  if (target === undefined || !(watch.visible.has(target.id) || since.includes(target.id))) {
    const requirements = ["watch-only-visible", "unsub-ends", "friend-off"];
    throw new Finding(requirements, `a status ${where}`, "only of those whom he sees", `that of ${status.userId}`);
  }
  const from = watch.historyFrom.get(target.id) ?? 0;
  const got = contentOf(status);
  const shown = target.others.history.slice(Math.max(0, from - 1));
  if (shown.some((content) => content === null || sameLook(content, got))) return;
  const expected = shown.flatMap((content) => (content === null ? [] : [contentText(content)])).join(", or ");
  const requirements = [target.others.why, "session-kick-silent", "online-any", "sub-delivers"];
  throw new Finding(requirements, `a status of ${target.id} ${where}`, expected, contentText(got));
}

function judgeEnd(nowMs: number, user: UserState, end: SubscriptionEnded, where: string): void {
  // That of an earlier row may come again, or late: clients ignore it.
  const ends = user.rowEnds.filter(({ target }) => target === end.userId);
  if (ends.some(({ generation, reason }) => generation === end.generation && reason === end.reason)) return;
  const ofRow = ends.find(({ generation }) => generation === end.generation);
  // Who is told of the end of his row to a deleted target after its own end may be told of that (sub-target-gone).
  if (
    ofRow?.reason === SubscriptionEndReason.TARGET_GONE &&
    end.reason === SubscriptionEndReason.EXPIRED &&
    (ofRow.ownEndMs ?? Number.POSITIVE_INFINITY) <= nowMs
  )
    return;
  const sameRow = ends.find(({ generation }) => generation === end.generation);
  const requirements = [sameRow === undefined ? "client-generation" : "", ...ends.map(({ reason }) => endedBy(reason))];
  const known = requirements.filter((id) => id !== "" && id !== "client-generation");
  throw new Finding(
    known.length > 0 ? known : ["sub-expires", "sub-logout", "unsub-ends"],
    `subscription_ended of ${end.userId} ${where}`,
    ends.length === 0
      ? "none: the row stands"
      : ends.map(({ generation, reason }) => endText(generation, reason)).join(" or "),
    endText(end.generation, end.reason),
  );
}

export function endText(generation: bigint, reason: number): string {
  return `${rowEndName(reason)} of generation ${generation}`;
}

/** The requirement that says that rows end for this reason. */
export function endedBy(reason: number): string {
  const ids = [
    "unsub-ends",
    "sub-expires",
    "sub-cap",
    "unsub-ends",
    "unsub-ends",
    "sub-target-gone",
    "gate-rows",
    "friend-switch",
  ];
  return ids[reason] ?? "unsub-ends";
}

export function sameEpoch(walk: Walk, epoch: string, where: string): void {
  walk.app.epoch ??= epoch;
  const bytes = Buffer.byteLength(epoch);
  if (epoch === walk.app.epoch && bytes >= 1 && bytes <= 64) return;
  throw new Finding(["epoch-same"], `the epoch ${where}`, walk.app.epoch, epoch || "none");
}

/** The stream is over, and the server ended it: as it had to, or for a reason of its own that is allowed. */
export function judgeStreamEnd(walk: Walk, watch: OpenWatch, user: UserState): "as expected" | "on its own" {
  const { app } = walk;
  const where = `of a Watch of ${user.id}`;
  const last = watch.events.at(-1);
  const end = last?.case === "watchEnd" ? last.value : undefined;
  const expected = app.watchEndings.filter(({ sessionId }) => sessionId === watch.sessionId);
  walk.record?.("watch end", `${nameOf(walk, user.id)} ${endName(end)}`);
  if (
    watch.error() !== undefined ||
    end === undefined ||
    watch.events.some((event) => event.case === "watchEnd" && event !== last)
  ) {
    const got = `${end === undefined ? "no watch_end at the end" : "watch_end"}, ${watch.error() === undefined ? "no error" : String(watch.error())}`;
    const requirements = ["watch-end-last", ...expected.map(({ requirement }) => requirement)];
    throw new Finding(requirements, `the end ${where}`, "watch_end as the last event, and no error", got);
  }
  if (expected.some(({ reason, mayResume }) => reason === end.reason && mayResume === end.mayResume))
    return "as expected";
  // Far behind, or shutting down: the client comes back.
  if ((end.reason === WatchEndReason.RESYNC || end.reason === WatchEndReason.DRAIN) && end.mayResume)
    return "on its own";
  const said = expected.map(({ reason, mayResume }) => `${watchEndName(reason)}${mayResume ? ", may_resume" : ""}`);
  const requirements = expected.length > 0 ? expected.map(({ requirement }) => requirement) : unexpected(end.reason);
  throw new Finding(requirements, `the end ${where}`, said.join(" or ") || "none: the stream goes on", endName(end));
}

function unexpected(reason: WatchEndReason): string[] {
  if (reason === WatchEndReason.KICKED) return ["session-limit", "session-lost-uncounted", "admin-end"];
  if (reason === WatchEndReason.LEASE_EXPIRED) return ["lease-ends", "clock-hold", "lease-heartbeat"];
  return reason === WatchEndReason.LOGGED_OUT ? ["logout-ends-watch"] : ["watch-end-last"];
}

function endName(end: WatchEnd | undefined): string {
  if (end === undefined) return "no watch_end";
  return `${watchEndName(end.reason)}${end.mayResume ? ", may_resume" : ""}`;
}
