import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decide } from "./execute.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = (): Promise<void> => new Promise(() => undefined);
const after = (ms: number) => (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a check that says and hears nothing any more has its time limit", async () => {
  const decided = decide(never, 10_000, () => 7);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await decided).toMatchObject({ result: "ERROR", reason: expect.stringContaining("not done within 10 s") });
});

test("a check that goes on is slow, not stuck, up to a bound", async () => {
  let said = 0;
  const slow = decide(after(45_000), 10_000, () => ++said);
  await vi.advanceTimersByTimeAsync(45_000);
  expect(await slow).toMatchObject({ result: "PASS" });
  const endless = decide(never, 10_000, () => ++said);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(await endless).toMatchObject({ result: "ERROR", reason: expect.stringContaining("not done within 50 s") });
});
