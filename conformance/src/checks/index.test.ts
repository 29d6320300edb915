import { readdirSync } from "node:fs";
import { requirements } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { afterChecks } from "../invariants/decide.ts";
import { checks, collect } from "./index.ts";

const run = async (): Promise<void> => undefined;

test("every requirement that a server can be seen to keep has a check", () => {
  const decided = new Set([...checks, ...afterChecks].map(({ id }) => id.split("/")[0]));
  const open = requirements.filter(
    ({ id, part, unobservable }) => part !== "client" && unobservable === undefined && !decided.has(id),
  );
  expect(open.map(({ id }) => id)).toEqual([]);
});

test("ids are of the registry, and stand once", () => {
  expect(new Set([...checks, ...afterChecks].map(({ id }) => id)).size).toBe(checks.length + afterChecks.length);
  const check = (id: string) => ({ id, title: "t", run });
  expect(() => collect([check("no-such/case")])).toThrow("decides no requirement");
  expect(() => collect([check("sub-cap/a"), check("sub-cap/a")])).toThrow("two checks");
  expect(() => collect([check("sub-cap")])).toThrow("REQUIREMENT/case");
  expect(() => collect([check("client-fold/a")])).toThrow("obligation of clients");
});

test("every check file is in the list", async () => {
  const files = readdirSync(import.meta.dirname).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== "index.ts",
  );
  const listed = new Set(checks.map(({ id }) => id));
  for (const file of files) {
    const module = (await import(/* @vite-ignore */ new URL(file, import.meta.url).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      if (!name.endsWith("Checks") || !Array.isArray(value)) continue;
      for (const { id } of value as { id: string }[]) expect(listed, `${file}: ${id}`).toContain(id);
    }
  }
});
