// What the server's clock shows now, from what it showed last. Pure: the page's own clock is passed in.

export interface ClockReading {
  /** What the server's clock showed, milliseconds since 1970. */
  readonly serverMs: number;
  /** What this machine's clock showed then, milliseconds since 1970. */
  readonly atMs: number;
  /** It stands still between moves of the test clock. */
  readonly stopped: boolean;
}

export function serverNow(reading: ClockReading, nowMs: number): number {
  return reading.stopped ? reading.serverMs : reading.serverMs + (nowMs - reading.atMs);
}

/** Above what a message takes on its way. */
const slackMs = 1_500;

/** Whether a time that the server told fits the reading. If not, somebody has moved or stopped the clock. */
export function fits(reading: ClockReading, toldMs: number, nowMs: number): boolean {
  return Math.abs(serverNow(reading, nowMs) - toldMs) <= slackMs;
}
