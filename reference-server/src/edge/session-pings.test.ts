import { EventEmitter } from "node:events";
import type { Http2Session } from "node:http2";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keepPinging } from "./session-pings.ts";

/** What of a session is used: `answer` is what its peer does with the next PING. */
class Session extends EventEmitter {
  destroyed = false;
  pings = 0;
  answer: ((done: (error: Error | null) => void) => void) | undefined;
  ping(done: (error: Error | null) => void): boolean {
    if (this.destroyed) throw new Error("The session has been destroyed");
    this.pings++;
    this.answer?.(done);
    return true;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

let session: Session;
beforeEach(() => {
  vi.useFakeTimers();
  session = new Session();
  keepPinging(session as unknown as Http2Session, { intervalMs: 100, timeoutMs: 30 });
});
afterEach(() => {
  vi.useRealTimers();
});

it("a peer that answers is asked again and again", () => {
  session.answer = (done) => done(null);
  vi.advanceTimersByTime(1000);
  expect([session.pings, session.destroyed]).toEqual([10, false]);
});

it("one that does not is gone", () => {
  vi.advanceTimersByTime(129);
  expect(session.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(session.destroyed).toBe(true);
});

it("a session that is destroyed and not yet closed is not asked", () => {
  session.destroyed = true;
  expect(() => vi.advanceTimersByTime(1000)).not.toThrow();
  expect(session.pings).toBe(0);
});

it("a closed one neither", () => {
  session.emit("close");
  vi.advanceTimersByTime(1000);
  expect(session.pings).toBe(0);
});
