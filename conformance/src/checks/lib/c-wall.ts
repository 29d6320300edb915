// Wall time: waiting for the one thing that the protocol ties to it, keep-alives, and how long rounds go on.
import { setTimeout as wallPause } from "node:timers/promises";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Bench, TestSession, TestWatch } from "../../check.ts";

const beatMaxMs = 1_000;

/** Rounds that look for a rare moment end after this much wall time: a server whose frames take long has fewer of them. */
const roundsMs = 8_000;
const roundsMin = 3;

/** 0 to `count` - 1, or fewer where they take long. */
export function* rounds(count: number): Generator<number> {
  const end = performance.now() + roundsMs;
  for (let round = 0; round < count && (round < roundsMin || performance.now() < end); round += 1) yield round;
}

/** The keep-alive interval of the server, in milliseconds. A check that waits for it declares `wallMs`. */
export function keepAliveMs(t: Bench): number {
  const intervalMs = t.info.keepAliveInterval === undefined ? 0 : durationMs(t.info.keepAliveInterval);
  t.ok(intervalMs > 0, "keep_alive_interval must be above zero", intervalMs);
  return intervalMs;
}

/** By when a `progress` must have come: the interval, and slack for a busy machine. */
export function progressDueMs(intervalMs: number): number {
  return intervalMs * 1.5 + 1_500;
}

/** Whether a `progress` comes from now on within so much wall time. The session is kept alive meanwhile. */
export async function progressBy(session: TestSession, watch: TestWatch, longestMs: number): Promise<boolean> {
  const mark = watch.mark();
  return waitFor(session, longestMs, () => watch.after(mark).some(({ event }) => event.case === "progress"));
}

/** Lets wall time pass, with the session kept alive. */
export async function wallWait(session: TestSession, ms: number): Promise<void> {
  await waitFor(session, ms, () => false);
}

async function waitFor(session: TestSession, longestMs: number, done: () => boolean): Promise<boolean> {
  const { heartbeatInterval } = session.login;
  const beatMs = Math.min(beatMaxMs, heartbeatInterval === undefined ? beatMaxMs : durationMs(heartbeatInterval) / 2);
  const start = performance.now();
  let beatAt = start;
  while (performance.now() - start < longestMs) {
    if (done()) return true;
    if (performance.now() >= beatAt) {
      beatAt = performance.now() + beatMs;
      await session.heartbeat();
    }
    await wallPause(20);
  }
  return done();
}
