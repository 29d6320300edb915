import { expect, test } from "vitest";
import { burstUs, changeUs, fit, lineOf } from "./fit.ts";

test("a line through points that lie on one is that line", () => {
  const { at0, slope } = lineOf([1, 10, 1000].map((x) => ({ x, y: 400 + 17 * x })));
  expect(at0).toBeCloseTo(400);
  expect(slope).toBeCloseTo(17);
});

test("small values count as much as great ones: what is off by a share is off by it anywhere", () => {
  const { at0 } = lineOf([
    { x: 0, y: 100 },
    { x: 1, y: 200 },
    { x: 1_000_000, y: 110_000_000 },
  ]);
  expect(at0).toBeGreaterThan(90);
  expect(at0).toBeLessThan(110);
});

test("the model of points that were made from it gives them back", () => {
  const point = (watchers: number, burst: number) => ({
    transport: "x",
    watchers,
    burst,
    usEachChange: burst === 1 ? 300 + 20 * watchers : watchers * (2 + 18.3 / burst),
    statusBytes: 70,
  });
  const [model] = fit([point(1, 1), point(100, 1), point(1000, 1), point(1000, 4), point(1000, 16)]);
  if (model === undefined) throw new Error("no model");
  expect(model).toMatchObject({ transport: "x", statusBytes: 70 });
  expect(changeUs(model, 500)).toBeCloseTo(10_300);
  expect(burstUs(model, 1)).toBeCloseTo(20.3);
  expect(burstUs(model, 1e9)).toBeCloseTo(2);
  expect(model.offBy).toBeLessThan(0.001);
  expect(model.write).toBeCloseTo(18.3, 0);
  expect(model.burstsOffBy).toBeLessThan(0.02);
});
