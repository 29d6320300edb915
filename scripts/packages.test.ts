import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "./spec.ts";

const workspaces = ["protocol", "reference-server", "reference-client", "conformance"];
const manifest = (workspace: string) => JSON.parse(readFileSync(join(root, workspace, "package.json"), "utf8"));

let dir = "";

/** Packs every workspace and lays the packages out as npm would, with the dependencies of this checkout. */
beforeAll(() => {
  if (!existsSync(join(root, "protocol/dist/index.js"))) throw new Error("build first: npm run build");
  dir = mkdtempSync(join(tmpdir(), "userstatus-packages-"));
  const modules = join(dir, "node_modules");
  mkdirSync(join(modules, "@userstatus"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@userstatus" && !name.startsWith("."))
      symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  for (const workspace of workspaces) {
    const packed = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", dir], {
        cwd: join(root, workspace),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
    const { filename } = Array.isArray(packed) ? packed[0] : (Object.values(packed)[0] as { filename: string });
    const target = join(modules, manifest(workspace).name);
    mkdirSync(target);
    execFileSync("tar", ["xzf", join(dir, filename), "-C", target, "--strip-components=1"]);
  }
}, 120_000);

afterAll(() => {
  if (dir) rmSync(dir, { recursive: true });
});

describe.each(workspaces)("package of %s", (workspace) => {
  it("has nothing that publint finds fault with", async () => {
    const pkgDir = join(dir, "node_modules", manifest(workspace).name);
    const { messages, pkg } = await publint({ pkgDir, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has no tests in it, and depends on exact versions", () => {
    const pkgDir = join(dir, "node_modules", manifest(workspace).name);
    const files = readdirSync(pkgDir, { recursive: true, encoding: "utf8" });
    expect(files.filter((file) => /\.test\.|(^|\/)src\/testing\//.test(file))).toEqual([]);
    for (const version of Object.values(manifest(workspace).dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe("the programs, as packed", () => {
  const programs = workspaces.flatMap((workspace) =>
    Object.entries(manifest(workspace).bin ?? {}).map(([name, path]) => [name, workspace, path as string] as const),
  );

  it.each(programs)("%s prints its help", (_name, workspace, path) => {
    const script = join(dir, "node_modules", manifest(workspace).name, path);
    expect(readFileSync(script, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    const help = execFileSync(process.execPath, [script, "--help"], { encoding: "utf8", cwd: dir });
    expect(help).toMatch(/usage/i);
  });
});
