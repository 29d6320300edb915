// A watcher: logs in, subscribes, holds a Watch open and alive, and can say whether anything was lost.
import { Counter, Trend } from "k6/metrics";
import { Stream } from "k6/net/grpc";
import { clearInterval, setInterval, setTimeout } from "k6/timers";
import { type Calls, type Session, slices } from "./calls.ts";
import { createHeld, type Status } from "./held.ts";
import { plan, type User } from "./plan.ts";

export const fanoutMs = new Trend("userstatus_fanout_ms", true);
export const openMs = new Trend("userstatus_open_ms", true);
export const delivered = new Counter("userstatus_delivered");
/** Targets that a watcher holds an older status of than the server, after Sync. */
export const lost = new Counter("userstatus_lost");
/** Streams that ended without having been asked to. */
export const broken = new Counter("userstatus_streams_broken");

interface Event {
  readonly hello?: { readonly resumeResult: string };
  readonly snapshotEnd?: { readonly cursor: string };
  readonly progress?: { readonly cursor: string; readonly heartbeatRequested: boolean };
  readonly status?: Status;
  readonly synced?: { readonly marker: string };
  readonly watchEnd?: { readonly reason: string };
}

export interface Watcher {
  readonly session: Session;
  /** Of the last snapshot or progress. */
  readonly cursor: () => string;
  /** Opens the stream; answers how it was resumed once its snapshot has come. */
  readonly open: (calls: Calls, cursor?: string) => Promise<string>;
  /** Fences with Sync, asks the server, and counts what was lost. */
  readonly settle: (calls: Calls, targets: readonly string[]) => Promise<number>;
  /** From here on the end of the stream is expected. */
  readonly leaving: () => void;
}

const openTimeoutMs = 60_000;

/** When texts of this run say they were sent: `RUN MILLISECONDS`. */
export function textOf(nowMs: number): string {
  return `${plan.run} ${nowMs}`;
}

/** Milliseconds since the text was sent; undefined: it is none of this run's. */
export function ageOf(text: string | undefined, nowMs: number): number | undefined {
  const [run, sentMs] = (text ?? "").split(" ");
  return run === plan.run && sentMs !== undefined ? nowMs - Number(sentMs) : undefined;
}

export function createWatcher(session: Session): Watcher {
  const held = createHeld();
  let cursor = "";
  let live = false;
  let expected = false;
  let seen = 0;
  let opened: ((how: string) => void) | undefined;
  let failed: ((why: Error) => void) | undefined;
  let how = "";
  const markers = new Map<string, () => void>();

  const takeStatus = (status: Status): void => {
    if (!held.take(status) || !live) return;
    delivered.add(1);
    if (seen++ % plan.sample !== 0) return;
    const age = ageOf(status.customStatus?.text, Date.now());
    if (age !== undefined) fanoutMs.add(age);
  };
  const take = (event: Event, beat: () => void): void => {
    if (event.hello) how = event.hello.resumeResult;
    else if (event.status) takeStatus(event.status);
    else if (event.synced) markers.get(event.synced.marker)?.();
    else if (event.snapshotEnd) {
      cursor = event.snapshotEnd.cursor;
      live = true;
      opened?.(how);
    } else if (event.progress) {
      cursor = event.progress.cursor;
      if (event.progress.heartbeatRequested) beat();
    } else if (event.watchEnd && !expected) broken.add(1, { reason: event.watchEnd.reason });
  };

  return {
    session,
    cursor: () => cursor,
    open: (calls, from = "") => {
      live = false;
      expected = false;
      const startedMs = Date.now();
      const beat = (): void => void calls.call(session, "Heartbeat", { sessionId: session.sessionId }).catch(() => {});
      const beating = setInterval(beat, plan.heartbeatMs);
      const stream = new Stream(calls.client, "userstatus.v1.UserStatusService/Watch", {
        metadata: { authorization: `Bearer ${session.token}` },
      });
      const over = (why: string): void => {
        clearInterval(beating);
        if (!expected) broken.add(1, { reason: why });
        expected = true;
        failed?.(new Error(`the Watch of ${session.id} ended: ${why}`));
      };
      stream.on("data", (frame?: object) => {
        for (const event of (frame as { events?: readonly Event[] } | undefined)?.events ?? []) take(event, beat);
      });
      stream.on("error", (error?: object) => over((error as { message?: string } | undefined)?.message ?? "error"));
      stream.on("end", () => over("end"));
      stream.write({ sessionId: session.sessionId, cursor: from });
      stream.end();
      return new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`the snapshot of ${session.id} did not come`)), openTimeoutMs);
        failed = reject;
        opened = (result) => {
          openMs.add(Date.now() - startedMs);
          resolve(result);
        };
      });
    },
    settle: async (calls, targets) => {
      const marker = `m${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
      const came = new Promise<void>((resolve) => markers.set(marker, resolve));
      await calls.call(session, "Sync", { sessionId: session.sessionId, marker });
      await came;
      let behind = 0;
      for (const userIds of slices(targets, plan.queryMax)) {
        const { results } = await calls.call<{ results: readonly { status?: Status }[] }>(session, "QueryStatuses", {
          sessionId: session.sessionId,
          userIds,
        });
        behind += held.behind(results.flatMap(({ status }) => (status ? [status] : []))).length;
      }
      lost.add(behind);
      return behind;
    },
    leaving: () => {
      expected = true;
    },
  };
}

/** Logs in, subscribes to all in slices, and opens. */
export async function startWatcher(calls: Calls, user: User, targets: readonly string[]): Promise<Watcher> {
  const session = await calls.login(user);
  for (const userIds of slices(targets, plan.subscribeMax))
    await calls.call(session, "Subscribe", { sessionId: session.sessionId, userIds });
  const watcher = createWatcher(session);
  await watcher.open(calls);
  return watcher;
}

export function sleepMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
