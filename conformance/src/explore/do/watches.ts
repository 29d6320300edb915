// Watches: opening with and without a cursor, ending by the client, and Sync out of the ordinary.
import { WatchEndReason } from "@userstatus/protocol";
import { describeError, isConnectError } from "../../bench/refusal.ts";
import { Finding } from "../finding.ts";
import { compareHeld, takeUntil } from "../judge/fence.ts";
import { type Fault, judgeOutcome, sessionFaults } from "../judge/refusal.ts";
import { endWatch, loseLink, signOfLife } from "../model/presence.ts";
import { settle } from "../model/settle.ts";
import { sessionOf } from "../model/state.ts";
import { watchEndName } from "../names.ts";
import type { MarkerPick, Step } from "../steps.ts";
import { copyHeld, nothingHeld } from "../walk/fold.ts";
import { attempt, type Outcome, refusalOf, type Walk } from "../walk/walk.ts";
import { type CursorRecord, type OpenWatch, openStream } from "../walk/watch-stream.ts";
import { type Actor, actor, callOf } from "./acting.ts";
import { comingBack, takenBy } from "./login.ts";

type Of<D extends Step["do"]> = Extract<Step, { readonly do: D }>;

export async function doWatch(walk: Walk, step: Of<"watch">): Promise<void> {
  const { app, lane, ground } = walk;
  settle(app);
  const who = actor(walk, step);
  const { user, sessionId } = who;
  const record = cursorFor(walk, user.id, step.cursor);
  const cursor = step.cursor === "malformed" ? new TextEncoder().encode("no cursor") : record?.cursor;
  const isOwn = step.cursor === "newest" || step.cursor === "oldest";
  const connection = step.apart ? lane.openConnection() : undefined;
  const replaced = walk.watches.get(sessionId);
  const watch = openStream({
    userId: user.id,
    sessionId,
    cursor,
    held: isOwn && record !== undefined ? copyHeld(record.held) : nothingHeld(),
    options: await walk.headersOf(user),
    client: lane.user,
    connection,
  });
  walk.calls++;
  const snapshot = (): boolean => watch.events.some((event) => event.case === "snapshotEnd");
  await watch.until(() => watch.isOver() || snapshot(), ground.patienceMs);
  const what = `Watch of ${user.id}`;
  const outcome = outcomeOf(walk, watch, snapshot(), what);
  const coming = comingBack(app, user, sessionId);
  const malformed: Fault = { reason: "MALFORMED_CURSOR", requirement: "cursor-malformed" };
  const faults = [...coming.faults, ...(step.cursor === "malformed" ? [malformed] : [])];
  walk.record?.("Watch", outcome.refusal?.reason ?? "served");
  if (!judgeOutcome(walk, { user, method: "Watch", what, faults, mayBe: coming.mayBe, limited: false }, outcome)) {
    await watch.close();
    takenBy(
      app,
      user,
      sessionId,
      step.cursor === "malformed" && outcome.refusal.reason !== "SESSION_ENDED" ? undefined : outcome.refusal.reason,
    );
    return;
  }
  const session = sessionOf(user, sessionId);
  if (session === undefined) return;
  if (replaced !== undefined) {
    endWatch(app, sessionId, WatchEndReason.REPLACED, false, "watch-replaced");
    await waitForReplaced(walk, replaced);
    app.watchEndings = app.watchEndings.filter((ending) => ending.sessionId !== sessionId);
  }
  signOfLife(app, user, session, "lost-revive");
  walk.watches.set(sessionId, watch);
  watch.endsFrom = user.rowEnds.length;
  for (const { id, others } of app.users.values())
    if (record === undefined) watch.historyFrom.set(id, others.history.length);
  judgeResume(walk, watch, who, record, isOwn);
  if (watch.resumed) return;
  const end = watch.events.findIndex((event) => event.case === "snapshotEnd") + 1;
  takeUntil(walk, watch, user, end);
  compareHeld(walk, watch, user, "at snapshot_end");
}

function outcomeOf(walk: Walk, watch: OpenWatch, served: boolean, what: string): Outcome<"served"> {
  if (served) return { answer: "served" };
  const error = watch.error();
  if (isConnectError(error) && watch.events.length === 0)
    return { refusal: refusalOf(error, "Watch", walk), said: describeError(error) };
  const came = watch.events.map((event) => event.case).join(" ") || "nothing";
  throw new Finding(
    ["watch-snapshot-end", "watch-session"],
    what,
    "hello, a snapshot and snapshot_end, or a refusal",
    came,
  );
}

/** The stream says RESET or RESUMED: which of them was right (resume-used, cursor-reset). */
function judgeResume(
  walk: Walk,
  watch: OpenWatch,
  { user }: Actor,
  record: CursorRecord | undefined,
  isOwn: boolean,
): void {
  const { app } = walk;
  const [hello] = watch.events;
  if (hello?.case !== "hello") return;
  const resumed = hello.value.resumeResult === 2;
  if (hello.value.resumeResult !== 1 && !resumed)
    throw new Finding(["watch-hello"], "resume_result of hello", "RESET or RESUMED", String(hello.value.resumeResult));
  watch.resumed = resumed;
  if (resumed && !(isOwn && record !== undefined && app.rules.claims.has("resume")))
    throw new Finding(
      ["cursor-reset"],
      `hello of a Watch of ${user.id} without a cursor that fits`,
      "RESET",
      "RESUMED",
    );
  if (!resumed) watch.held = nothingHeld();
  if (resumed || !isOwn || record === undefined || !app.rules.claims.has("resume") || !app.timed) return;
  const endedMs = record.watch.endedMs;
  if (endedMs === undefined || app.nowMs - endedMs >= 60_000) return;
  if (record.surroundings !== app.surroundings || record.deletions !== user.deletions) return;
  if (user.rowEnds.length - record.rowEnds > 500) return;
  const expected = "RESUMED: its Watch ended less than 60 s ago, and no switch or friend has changed";
  throw new Finding(["resume-used"], `hello of a Watch of ${user.id} with its last cursor`, expected, "RESET");
}

async function waitForReplaced(walk: Walk, replaced: OpenWatch): Promise<void> {
  const { watchEndings } = walk.app;
  await replaced.until(replaced.isOver, walk.ground.patienceMs);
  const last = replaced.events.at(-1);
  const end = last?.case === "watchEnd" ? last.value : undefined;
  const known = watchEndings.filter(({ sessionId }) => sessionId === replaced.sessionId);
  const fits = known.some(({ reason, mayResume }) => end?.reason === reason && end.mayResume === mayResume);
  if (!replaced.isOver() || replaced.error() !== undefined || !fits) {
    const got = !replaced.isOver()
      ? "an open stream"
      : end === undefined
        ? "no watch_end"
        : `${watchEndName(end.reason)}, may_resume ${end.mayResume}`;
    throw new Finding(
      ["watch-replaced", "watch-end-last"],
      `the end of the first Watch of ${replaced.userId}`,
      "REPLACED, without may_resume",
      got,
    );
  }
  replaced.endedMs = walk.app.nowMs;
  await replaced.close();
}

function cursorFor(walk: Walk, userId: string, pick: Of<"watch">["cursor"]): CursorRecord | undefined {
  const own = walk.cursors.get(userId) ?? [];
  switch (pick) {
    case "newest":
      return own.findLast(({ watch }) => watch.endedMs !== undefined) ?? own.at(-1);
    case "oldest":
      return own[0];
    case "somebody else's":
      return [...walk.cursors].find(([id]) => id !== userId)?.[1].at(-1);
    default:
      return undefined;
  }
}

/** The client ends its Watch; answers when the server has noticed (link-close). */
export async function doClose(walk: Walk, step: Of<"close">): Promise<void> {
  const { app } = walk;
  const { user, sessionId } = actor(walk, step);
  const watch = walk.watches.get(sessionId);
  const session = sessionOf(user, sessionId);
  if (watch === undefined || session === undefined) return;
  takeUntil(walk, watch, user, watch.events.length);
  walk.watches.delete(sessionId);
  watch.endedMs = app.nowMs;
  await watch.close();
  await untilNoticed(walk, { user, sessionId });
  loseLink(app, user, session, app.nowMs, "link-close");
}

async function untilNoticed(walk: Walk, who: Actor): Promise<void> {
  const { user, sessionId } = who;
  const limitMs = performance.now() + Math.max(2500, walk.ground.patienceMs);
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 100)) {
    const outcome = await attempt(walk, "Sync", async () =>
      walk.lane.user.sync({ sessionId, marker: "gone?" }, await walk.headersOf(user)),
    );
    if (outcome.refusal !== undefined) return;
    if (performance.now() > limitMs)
      throw new Finding(
        ["link-close"],
        `the end of the Watch of ${user.id} by its client`,
        "noticed within 2 s",
        "an open Watch",
      );
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Sync where there is no Watch, or with a marker at the limits. */
export async function doSync(walk: Walk, step: Of<"sync">): Promise<void> {
  const who = actor(walk, step);
  const { user, sessionId } = who;
  const marker = markers[step.marker];
  const watch = walk.watches.get(sessionId);
  const isGood = step.marker === "one byte" || step.marker === "longest";
  if (isGood) watch?.markers.add(marker);
  const outcome = await callOf(walk, who, "Sync", (options) => walk.lane.user.sync({ sessionId, marker }, options));
  const { faults, mayBe } = sessionFaults(user, sessionId, false);
  const all: Fault[] = [...faults];
  if (watch === undefined) all.push({ reason: "NO_OPEN_WATCH", requirement: "sync-no-watch" });
  if (!isGood) all.push({ reason: "INVALID_FIELD", requirement: "sync-marker" });
  judgeOutcome(walk, { user, method: "Sync", what: `Sync of ${user.id}`, faults: all, mayBe, limited: false }, outcome);
}

const markers: Readonly<Record<MarkerPick, string>> = {
  "one byte": "~",
  longest: " ".repeat(64),
  empty: "",
  "too long": "m".repeat(65),
  strange: "tab\t",
};
