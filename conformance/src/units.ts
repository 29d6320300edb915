// Durations and instants of the wire as milliseconds, and back.
import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, durationFromMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

/** Milliseconds of a duration; 0 where it is unset. Keeps fractions. */
export function msOf(duration: Duration | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}

/** Milliseconds of a duration; undefined where it is unset. */
export function msOrNone(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : msOf(duration);
}

/** Milliseconds since 1970; undefined where it is unset. */
export function instantOf(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined ? undefined : timestampMs(timestamp);
}

/** A duration of so many milliseconds. Keeps fractions, down to the nanosecond. */
export function durationOf(ms: number): Duration {
  const whole = Math.trunc(ms);
  const { seconds, nanos } = durationFromMs(whole);
  return create(DurationSchema, { seconds, nanos: nanos + Math.trunc((ms - whole) * 1_000_000) });
}

/** `1.5 s`, `20 ms`, `3 min`, for people. */
export function spoken(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  if (ms < 172_800_000) return `${Number((ms / 3_600_000).toFixed(1))} h`;
  return `${Number((ms / 86_400_000).toFixed(1))} days`;
}
