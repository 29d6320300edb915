import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { profileNames, requirements } from "@userstatus/protocol";
import { afterAll, describe, expect, test } from "vitest";
import { patchedCopy } from "./copy.ts";
import { parts, readPatches } from "./patch.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, ".cache/patches/test");

describe("patches", () => {
  const patches = parts.flatMap((part) => readPatches(root, part));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("each names requirements that there are, and a profile", () => {
    const ids = new Set(requirements.map(({ id }) => id));
    expect(patches.flatMap((patch) => patch.requirements.filter((id) => !ids.has(id)))).toEqual([]);
    expect(patches.filter(({ of, profile }) => of === "server" && !profileNames.includes(profile))).toEqual([]);
    expect(patches.length).toBeGreaterThan(0);
  });

  test("each applies to the sources as they are", { timeout: 60_000 }, () => {
    for (const { path } of patches) execFileSync("git", ["apply", "--check", path], { cwd: root, stdio: "pipe" });
  });

  test("one that does not apply says so", () => {
    expect(() => patchedCopy(root, folder, { id: "none", of: "server", path: join(root, "README.md") })).toThrow(
      "does not apply",
    );
  });
});
