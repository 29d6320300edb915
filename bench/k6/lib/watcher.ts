// A watcher: logs in, subscribes, holds a Watch open and alive, and can say whether what it holds is what the server holds.
import { Counter, Trend } from "k6/metrics";
import { Stream } from "k6/net/grpc";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "k6/timers";
import { type Calls, refused, type Session, slices, subscribing } from "./calls.ts";
import { type Answered, createHeld, type Difference, type Status } from "./held.ts";
import { plan, type User } from "./plan.ts";
import { ageOf } from "./text.ts";

export const fanoutMs = new Trend("userstatus_fanout_ms", true);
export const openMs = new Trend("userstatus_open_ms", true);
export const delivered = new Counter("userstatus_delivered");
/** Targets of which a watcher holds something else than the server, after Sync. */
export const lost = new Counter("userstatus_lost");
/** Streams that ended without having been asked to, or did not bring what they had to in time. */
export const broken = new Counter("userstatus_streams_broken");

interface Event {
  readonly hello?: { readonly resumeResult: string };
  readonly snapshotEnd?: { readonly cursor: string };
  readonly progress?: { readonly cursor: string; readonly heartbeatRequested: boolean };
  readonly status?: Status;
  readonly synced?: { readonly marker: string };
  readonly subscriptionEnded?: { readonly userId: string; readonly stillVisible?: boolean };
  readonly watchEnd?: { readonly reason: string };
}

export interface Watcher {
  readonly session: Session;
  /** Of the last snapshot or progress. */
  readonly cursor: () => string;
  /** Opens a stream; answers how it was resumed once its snapshot has come. */
  readonly open: (calls: Calls, cursor?: string) => Promise<string>;
  /** Fences with Sync, asks the server, and tells the differences; tries again while there are any, for changes that happen meanwhile. */
  readonly settle: (calls: Calls, targets: readonly string[]) => Promise<Difference[]>;
  /** From here on the end of the open stream is expected. */
  readonly leaving: () => void;
}

/** One stream of a watcher: what its end means does not touch the next one. */
interface Link {
  expected: boolean;
  live: boolean;
  how: string;
  readonly opened: (how: string) => void;
  readonly failed: (why: Error) => void;
}

const openTimeoutMs = 60_000;
const markerTimeoutMs = 30_000;
const settleTries = 3;
const settlePauseMs = 500;

/** Rejects if it takes longer; counted as a broken stream. */
function within<T>(
  ms: number,
  what: string,
  work: (resolve: (value: T) => void, reject: (why: Error) => void) => void,
) {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      broken.add(1, { reason: what });
      reject(new Error(`${what} did not come`));
    }, ms);
    const done =
      <A>(then: (value: A) => void) =>
      (value: A): void => {
        clearTimeout(timer);
        then(value);
      };
    work(done(resolve), done(reject));
  });
}

export function createWatcher(session: Session): Watcher {
  const held = createHeld();
  const markers = new Map<string, (came: undefined) => void>();
  let cursor = "";
  let seen = 0;
  let current: Link | undefined;

  const takeStatus = (status: Status, link: Link): void => {
    if (!held.take(status) || !link.live) return;
    delivered.add(1);
    if (seen++ % plan.sample !== 0) return;
    const ageMs = ageOf(plan.run, status.customStatus?.text, Date.now());
    if (ageMs !== undefined) fanoutMs.add(ageMs);
  };
  const take = (event: Event, link: Link, beat: () => void): void => {
    if (event.hello) {
      link.how = event.hello.resumeResult;
      if (link.how !== "RESUME_RESULT_RESUMED") held.reset();
    } else if (event.status) takeStatus(event.status, link);
    else if (event.synced) markers.get(event.synced.marker)?.(undefined);
    else if (event.subscriptionEnded) {
      if (!event.subscriptionEnded.stillVisible) held.drop(event.subscriptionEnded.userId);
    } else if (event.snapshotEnd) {
      cursor = event.snapshotEnd.cursor;
      link.live = true;
      link.opened(link.how);
    } else if (event.progress) {
      cursor = event.progress.cursor;
      if (event.progress.heartbeatRequested) beat();
    }
  };
  const differences = async (calls: Calls, targets: readonly string[]): Promise<Difference[]> => {
    const { sessionId } = session;
    const marker = `m${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
    const came = within<undefined>(markerTimeoutMs, "marker", (resolve) => markers.set(marker, resolve));
    await Promise.all([calls.call(session, "Sync", { sessionId, marker }), came]);
    markers.delete(marker);
    const all: Difference[] = [];
    for (const userIds of slices(targets, plan.queryMax)) {
      const asked = { sessionId, userIds };
      const { results } = await calls.call<{ results: readonly Answered[] }>(session, "QueryStatuses", asked);
      all.push(...held.differences(results));
    }
    return all;
  };

  return {
    session,
    cursor: () => cursor,
    open: (calls, from = "") => {
      const startedMs = Date.now();
      return within<string>(openTimeoutMs, "snapshot", (resolve, reject) => {
        const opened = (how: string): void => {
          openMs.add(Date.now() - startedMs);
          resolve(how);
        };
        const link: Link = { expected: false, live: false, how: "", opened, failed: reject };
        current = link;
        openStream(calls, session, from, link, (event, beat) => take(event, link, beat));
      });
    },
    settle: async (calls, targets) => {
      for (let tries = 1; ; tries++) {
        const found = await differences(calls, targets);
        if (found.length === 0 || tries === settleTries) return found;
        await new Promise<void>((resolve) => setTimeout(() => resolve(), settlePauseMs));
      }
    },
    leaving: () => {
      if (current) current.expected = true;
    },
  };
}

function openStream(
  calls: Calls,
  session: Session,
  cursor: string,
  link: Link,
  take: (event: Event, beat: () => void) => void,
): void {
  const { sessionId, token, id } = session;
  // A refusal is counted where it happens.
  const beat = (): void => void calls.call(session, "Heartbeat", { sessionId }).catch(() => {});
  const beating = setInterval(() => {
    if (!link.expected) beat();
  }, plan.heartbeatMs);
  let end = "end";
  let isOver = false;
  const over = (why: string): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(beating);
    if (!link.expected) broken.add(1, { reason: why });
    link.failed(new Error(`the Watch of ${id} ended: ${why}`));
  };
  const stream = new Stream(calls.client, "userstatus.v1.UserStatusService/Watch", {
    metadata: { authorization: `Bearer ${token}` },
  });
  stream.on("data", (frame?: object) => {
    for (const event of (frame as { events?: readonly Event[] } | undefined)?.events ?? []) {
      if (event.watchEnd) end = event.watchEnd.reason;
      take(event, beat);
    }
  });
  stream.on("error", (error?: object) => over((error as { message?: string } | undefined)?.message ?? "error"));
  stream.on("end", () => over(end));
  stream.write({ sessionId, cursor });
  stream.end();
}

/** Logs in, subscribes to all in slices, and opens. */
export async function startWatcher(calls: Calls, user: User, targets: readonly string[]): Promise<Watcher> {
  const session = await calls.login(user);
  for (const userIds of slices(targets, plan.subscribeMax)) {
    const asked = subscribing(session.sessionId, userIds);
    const { results } = await calls.call<{ results: readonly { error?: object | null }[] }>(
      session,
      "Subscribe",
      asked,
    );
    const failures = results.filter(({ error }) => error).length;
    if (failures > 0) {
      refused.add(failures, { method: "Subscribe" });
      throw new Error(`${user.id} could not subscribe to ${failures} of ${userIds.length}`);
    }
  }
  const watcher = createWatcher(session);
  await watcher.open(calls);
  return watcher;
}
