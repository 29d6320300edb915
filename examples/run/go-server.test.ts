import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/spec.ts";

test("the server in Go has the published profiles as they are", () => {
  const [ours, its] = ["proto/profiles", "examples/server-go/internal/profile/data"].map((path) =>
    join(root, path),
  ) as [string, string];
  const names = readdirSync(ours).filter((name) => name.endsWith(".json"));
  expect(readdirSync(its).sort()).toEqual(names.sort());
  for (const name of names) expect(readFileSync(join(its, name), "utf8")).toBe(readFileSync(join(ours, name), "utf8"));
});
