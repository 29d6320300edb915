import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findK6 } from "./find.ts";
import { type K6Options, parseK6Options, type TokenOptions } from "./options.ts";
import { adminTokenOf, usersOf } from "./users.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "k6-users-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function options(tokens: TokenOptions): K6Options {
  const parsed = parseK6Options(["query"]);
  if (typeof parsed === "string") throw new Error("help");
  return { ...parsed, tokens };
}

function file(...users: readonly object[]): string {
  const path = join(directory, "users.jsonl");
  writeFileSync(path, users.map((user) => JSON.stringify(user)).join("\n"));
  return path;
}

const counts = { watchers: 1, targets: 2, callers: 0, comers: 0 };

describe("users of a run", () => {
  it("have tokens of the development mode by default", async () => {
    const { watchers, targets, callers } = await usersOf(options({}), "run", counts);
    expect([...watchers, ...targets, ...callers]).toEqual([
      { id: "run-0", token: "dev:bench:run-0" },
      { id: "run-1", token: "dev:bench:run-1" },
      { id: "run-2", token: "dev:bench:run-2" },
    ]);
  });

  it("have tokens signed with the secret", async () => {
    const { watchers } = await usersOf(options({ secret: "0123456789abcdef0123456789abcdef" }), "run", counts);
    expect(decodeJwt(watchers[0]?.token ?? "")).toMatchObject({ app: "bench", sub: "run-0" });
  });

  it("have tokens that a command prints", async () => {
    const { targets } = await usersOf(options({ command: "printf '%s|'" }), "run", counts);
    expect(targets[0]?.token).toMatch(/^bench\|run-1\|user\|\d+\|$/);
  });

  it("come of a file, with tokens of their own or made ones", async () => {
    const path = file({ id: "a", token: "A" }, { id: "b", token: "B" }, { id: "c" });
    const { watchers, targets } = await usersOf(options({ file: path, secret: "s".repeat(32) }), "run", counts);
    expect(watchers).toEqual([{ id: "a", token: "A" }]);
    expect(targets[0]).toEqual({ id: "b", token: "B" });
    expect(decodeJwt(targets[1]?.token ?? "")).toMatchObject({ sub: "c" });
  });

  it("are refused where there are too few, or one has no token", async () => {
    const few = file({ id: "a", token: "A" });
    await expect(usersOf(options({ file: few }), "run", counts)).rejects.toThrow("needs 3 users; the file has 1");
    const without = file({ id: "a", token: "A" }, { id: "b" }, { id: "c" });
    await expect(usersOf(options({ file: without }), "run", counts)).rejects.toThrow("b has no token");
  });

  it("are registered with a token of the role admin, where there is one", async () => {
    expect(await adminTokenOf(options({}))).toBe("dev-admin:bench");
    expect(await adminTokenOf(options({ file: "f" }))).toBeUndefined();
  });
});

describe("k6", () => {
  it("is the one named, then that of the cache, then that of the path", () => {
    const program = join(directory, "k6");
    const place = (env: Record<string, string>, option?: string) => findK6({ option, env, root: directory });
    expect(place({ PATH: "/nowhere" })).toBeUndefined();
    writeFileSync(program, "");
    expect(place({ PATH: directory })).toBeUndefined();
    chmodSync(program, 0o755);
    expect(place({ PATH: `/nowhere:${directory}`, K6: "" })).toBe(program);
    expect(place({ PATH: "" }, program)).toBe(program);
    expect(() => place({ K6: "/nowhere/k6", PATH: directory })).toThrow("named by $K6, is no program");
  });
});
