import { expect, test } from "vitest";
import { createLog } from "./log.ts";

function logged(pretty: boolean, level = "info"): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return { lines, log: createLog({ level, pretty, write: (line) => lines.push(line) }) };
}

test("logs are JSON lines from the level on", () => {
  const { lines, log } = logged(false);
  log.debug("not this");
  log.warn({ port: 1 }, "this");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 40, time: expect.any(String), port: 1, msg: "this" },
  ]);
});

test("for people they are short", () => {
  const { lines, log } = logged(true);
  log.error({ port: 1, where: "here", err: new Error("why") }, "this");
  expect(lines.join("")).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR this port=1 where=here\nError: why\n {4}at /);
});
