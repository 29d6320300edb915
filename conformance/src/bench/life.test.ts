import { beforeEach, expect, test } from "vitest";
import { createLife, type Life } from "./life.ts";

const leaseMs = 100;
let now: number;
let life: Life;

beforeEach(() => {
  now = 1000;
  life = createLife({ leaseMs: () => leaseMs, loginSentAt: now, now: () => now });
});

const long = (): readonly unknown[] => life.silences().filter(({ from, until }) => until - from >= leaseMs);

test("a session is live for a lease from when its newest sign was sent", () => {
  now += leaseMs - 1;
  expect(life.seemsLive()).toBe(true);
  life.sign(now - 50);
  now += 50;
  expect(life.seemsLive()).toBe(false);
  expect(life.isKept()).toBe(true);
});

test.each(["sign", "linkGone", "ended"] as const)("a silence of a lease is noted when it ends: %s", (how) => {
  now += leaseMs;
  life[how](now);
  now += 1;
  expect(long()).toEqual([{ from: 1000, until: 1000 + leaseMs }]);
});

test("silence after the link was given up, or the session ended, is nobody's fault", () => {
  life.linkGone();
  now += 10 * leaseMs;
  life.ended();
  now += 10 * leaseMs;
  expect(long()).toEqual([]);
  expect(life.isKept()).toBe(false);
});

test("nor is silence that ends with a sign after the link was given up", () => {
  life.linkGone();
  now += 10 * leaseMs;
  life.sign(now);
  expect(long()).toEqual([]);
});

test("a sign after the link was lost makes it live again", () => {
  life.linkGone();
  expect(life.seemsLive()).toBe(false);
  life.sign(now);
  expect(life.seemsLive()).toBe(true);
});
