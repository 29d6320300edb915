import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { Inconclusive, NotTestable } from "../failure.ts";
import { createUserPool } from "./user-pool.ts";
import { createUserSource, type MakeUsers, type UserSourceOptions } from "./users.ts";
import { parseUsers, type ReadyUser } from "./users-file.ts";

const bare: UserSourceOptions = { hasAdmin: false, provisionCommand: undefined, pool: undefined, hasRegistry: true };

function request(more: Partial<MakeUsers>): MakeUsers {
  let made = 0;
  return {
    app: "a",
    count: 2,
    fresh: false,
    newId: () => `id-${made++}`,
    admin: undefined,
    byLogin: async () => undefined,
    ...more,
  };
}

test("the best way that the run has is taken", () => {
  const pool = createUserPool([{ id: "x" }], { restMs: 0, waitMaxMs: 0, scrub: async () => undefined });
  expect(createUserSource({ ...bare, hasAdmin: true, provisionCommand: "true", pool }).way).toBe("admin calls");
  expect(createUserSource({ ...bare, provisionCommand: "true", pool }).way).toBe("provision command");
  expect(createUserSource({ ...bare, pool }).way).toBe("users file");
  expect(createUserSource({ ...bare, hasRegistry: false })).toMatchObject({ way: "no registry", fresh: true });
  expect(createUserSource(bare)).toMatchObject({ way: "first login", fresh: expect.stringContaining("--admin-url") });
});

test("the first login registers each; nobody is fresh then", async () => {
  const logins: string[] = [];
  const source = createUserSource(bare);
  expect(await source.make(request({ byLogin: async (id) => void logins.push(id) }))).toEqual(["id-0", "id-1"]);
  expect(logins).toEqual(["id-0", "id-1"]);
  await expect(source.make(request({ fresh: true }))).rejects.toThrow(NotTestable);
});

test("a provision command gets ids on stdin, many at once, and what is left over is used first", async () => {
  const directory = mkdtempSync(join(tmpdir(), "users-"));
  try {
    const file = join(directory, "ids");
    const source = createUserSource({
      ...bare,
      provisionCommand: `cat >> '${file}'; echo "$USERSTATUS_APP" >> '${file}'; true`,
    });
    const one = request({});
    const first = await source.make(one);
    const second = await source.make(one);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines.filter((line) => line === "a")).toHaveLength(1);
    expect(lines).toEqual(expect.arrayContaining([...first, ...second]));
    expect(new Set([...first, ...second]).size).toBe(4);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("users of a file are lent to one check at a time, rest and are scrubbed in between; fresh ones once", async () => {
  vi.useFakeTimers();
  try {
    const users = parseUsers('{"id":"a","token":"ta"}\n{"id":"b"}\n\n{"id":"f","fresh":true}\n', "file");
    const scrubbed: string[] = [];
    const scrub = async ({ id }: ReadyUser, sessions: readonly string[]) =>
      void scrubbed.push(`${id}:${sessions.join()}`);
    const pool = createUserPool(users, { restMs: 1000, waitMaxMs: 5000, scrub });
    const source = createUserSource({ ...bare, pool });
    expect(source.tokenOf("a")).toBe("ta");
    expect(await source.make(request({ count: 2 }))).toEqual(["a", "b"]);
    const nobody = expect(source.make(request({ count: 1 }))).rejects.toThrow(Inconclusive);
    await vi.advanceTimersByTimeAsync(5000);
    await nobody;
    source.giveBack(["a"], new Map([["a", ["s1", "s2"]]]));
    const again = source.make(request({ count: 1 }));
    await vi.advanceTimersByTimeAsync(1999);
    expect(scrubbed).toEqual(["a:s1,s2"]);
    expect(await Promise.race([again, "not yet"])).toBe("not yet");
    await vi.advanceTimersByTimeAsync(1);
    expect(await again).toEqual(["a"]);
    source.giveBack(["b"], new Map());
    await source.finish();
    expect(scrubbed).toEqual(["a:s1,s2", "b:"]);
    await expect(source.make(request({ count: 3 }))).rejects.toThrow(NotTestable);
    expect(await source.make(request({ count: 1, fresh: true }))).toEqual(["f"]);
    await expect(source.make(request({ count: 1, fresh: true }))).rejects.toThrow(Inconclusive);
  } finally {
    vi.useRealTimers();
  }
});

test("a users file may be a list or an object; what is wrong in it is told with its place", () => {
  expect(parseUsers('[{"id":"a"}]', "file")).toEqual([{ id: "a", fresh: false }]);
  expect(parseUsers('{"users":[{"id":"a","fresh":true}]}', "file")).toEqual([{ id: "a", fresh: true }]);
  expect(() => parseUsers('{"id":"a"}\nnonsense', "file")).toThrow("file, line 2: not JSON");
  expect(() => parseUsers('[{"token":"t"}]', "file")).toThrow('file, entry 1: needs "id"');
  expect(() => parseUsers('[{"id":"a"},{"id":"a"}]', "file")).toThrow("twice");
  expect(() => parseUsers("", "file")).toThrow("names nobody");
});

test("of a file with nobody but fresh users half serve any check, and at most a hundred are kept", async () => {
  const scrub = async () => undefined;
  const poolOf = (count: number) =>
    createUserPool(
      Array.from({ length: count }, (_, at) => ({ id: `u${at}`, fresh: true })),
      { restMs: 0, waitMaxMs: 0, scrub },
    );
  expect(poolOf(5)).toMatchObject({ size: 2, freshSize: 3 });
  expect(poolOf(1)).toMatchObject({ size: 0, freshSize: 1 });
  expect(poolOf(300)).toMatchObject({ size: 200, freshSize: 100 });
  expect(await poolOf(300).take(200, false)).toHaveLength(200);
});

test("admin calls register some ahead, all that wait in one call, and once more where the connection went away", async () => {
  const batches: (readonly string[])[] = [];
  let resets = 1;
  const admin = {
    registerUsers: async ({ userIds }: { userIds: readonly string[] }) => {
      if (resets-- > 0) throw new ConnectError("read ECONNRESET", Code.Aborted);
      batches.push(userIds);
    },
  } as unknown as NonNullable<MakeUsers["admin"]>;
  const source = createUserSource({ ...bare, hasAdmin: true });
  let next = 0;
  const wanted = request({ count: 1, fresh: true, admin, newId: () => `u${next++}` });
  const first = await Promise.all(Array.from({ length: 5 }, () => source.make(wanted)));
  expect(batches.map(({ length }) => length)).toEqual([12]);
  const later = await Promise.all(Array.from({ length: 7 }, () => source.make(wanted)));
  expect(batches).toHaveLength(1);
  expect(new Set([...first, ...later].flat()).size).toBe(12);
  await source.make({ ...wanted, app: "other" });
  expect(batches.map(({ length }) => length)).toEqual([12, 8]);
  const refusing = { registerUsers: () => Promise.reject(new ConnectError("no", Code.PermissionDenied)) };
  const refused = request({ app: "third", admin: refusing as unknown as NonNullable<MakeUsers["admin"]> });
  await expect(source.make(refused)).rejects.toThrow("no");
});
