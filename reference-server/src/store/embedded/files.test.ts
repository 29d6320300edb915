// What is found on disk: ends that a crash tore, damage, other programs' files, older formats, other servers, disks that are full or read-only.
import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { setCustom } from "../../core/custom-status.ts";
import { register } from "../../core/sessions.ts";
import { rulesOf } from "../../testing/core-bench.ts";
import { createEmbeddedBench, type EmbeddedBench, kept } from "../../testing/embedded-bench.ts";
import { FormatError, migrate, migrations } from "./format.ts";
import { inspectLog } from "./log-tail.ts";

const app = "app";
let bench: EmbeddedBench;
afterEach(() => bench.remove());

const db = (): string => join(bench.directory(), "userstatus.db");
const log = (): string => `${db()}-wal`;
const text = async (userId: string): Promise<string | undefined> =>
  (await bench.store.read(app, [userId]))[0]?.custom?.text;
/** Each text is a group of its own. */
const say = async (...texts: string[]): Promise<void> => {
  for (const each of texts) {
    await bench.store.update(app, "a", (record, now, core) => {
      register(record, now, core);
      setCustom(record, { text: each, ttlMs: undefined }, now, core);
    });
    await kept(bench.store);
  }
};
const start = async (...texts: string[]): Promise<void> => {
  bench = createEmbeddedBench(rulesOf("standard"));
  await say(...texts);
};
describe("the end of the log", () => {
  it("torn at any byte costs no more than the group that it tore, and is told of", async () => {
    await start("first", "second");
    const whole = statSync(log()).size;
    await say("third");
    const grown = statSync(log()).size;
    const dead = bench.directory();
    for (const bytes of [whole, whole + 1, whole + 23, whole + 24, whole + 4_000, grown - 4_097, grown - 1, grown]) {
      bench.crash({}, { from: dead, change: () => truncateSync(log(), bytes) });
      const torn = bench.found()?.tornBytes;
      expect([await text("a"), torn]).toEqual(bytes === grown ? ["third", 0] : ["second", bytes - whole]);
    }
  });

  it("with a byte that changed is dropped with its group, and told of", async () => {
    await start("first", "second");
    const whole = statSync(log()).size;
    await say("third");
    bench.crash({}, { change: () => flip(log(), whole + 700) });
    expect(await text("a")).toBe("second");
    expect(bench.found()?.tornBytes).toBeGreaterThan(0);
  });

  it("is not the end where groups stand behind the damage: then nothing is opened", async () => {
    await start("first", "second", "third", "fourth");
    expect(() => bench.crash({}, { change: () => flip(log(), 32 + 24 + 500) })).toThrow(
      /userstatus\.db \(--data\): its log .* is damaged within what was acknowledged/,
    );
  });

  it("of an earlier round of the log is no damage", async () => {
    await start("first");
    const fat = new DatabaseSync(db());
    fat.exec("PRAGMA wal_checkpoint(RESTART)");
    fat.close();
    await say("second");
    bench.crash();
    expect(await text("a")).toBe("second");
    expect(bench.found()?.tornBytes).toBe(0);
  });

  it("is found by the bytes alone", () => {
    const none = { groups: 0, tornBytes: 0, damaged: false };
    expect(inspectLog(new Uint8Array())).toEqual(none);
    expect(inspectLog(new Uint8Array(7))).toEqual({ ...none, tornBytes: 7 });
    expect(inspectLog(new Uint8Array(4_000))).toEqual({ ...none, tornBytes: 4_000 });
  });
});

describe("a file", () => {
  it("with a page that changed is not believed", async () => {
    await start("a text to be found");
    await bench.close();
    const bytes = readFileSync(db());
    const at = bytes.indexOf("a text to be found");
    expect(at).toBeGreaterThan(0);
    flip(db(), at + 3);
    expect(() => bench.crash()).toThrow(/a user in it is not what was written/);
  });

  it("whose pages are garbage is not opened", async () => {
    await start("x");
    await bench.close();
    const fd = openSync(db(), "r+");
    writeSync(fd, Buffer.alloc(4_096, 0xee), 0, 4_096, 4_096 * 3);
    expect(() => bench.crash()).toThrow(/Can't use .*userstatus\.db \(--data\): it is damaged/);
  });

  it.each([
    [
      "is no database",
      "no database at all, but a text that is long enough to have a header of hundred bytes ".repeat(4),
    ],
    ["is another program's", undefined],
  ])("that %s is left alone", async (_how, content) => {
    await start("x");
    await bench.close();
    rmSync(db());
    if (content !== undefined) writeFileSync(db(), content);
    else new DatabaseSync(db()).exec("CREATE TABLE theirs (x)");
    const before = readFileSync(db());
    expect(() => bench.crash()).toThrow(/it is no SQLite file|it is a SQLite file of another program/);
    expect(readFileSync(db())).toEqual(before);
  });

  it("of a newer format is left alone", async () => {
    await start("x");
    await bench.close();
    new DatabaseSync(db()).exec(`PRAGMA user_version = ${migrations.length + 1}`);
    expect(() => bench.crash()).toThrow(/it has format 2, and this program knows formats up to 1/);
  });

  it("of format 1 opens, with all that is in it", async () => {
    await start();
    await bench.close();
    rmSync(db());
    const old = new DatabaseSync(db());
    old.exec(readFileSync(new URL("../../testing/format-1.sql", import.meta.url), "utf8"));
    old.close();
    // Before the row in it runs out.
    bench.crash({ wallNow: () => 1_795_766_600_000 });
    expect(bench.found()).toMatchObject({ foundFormat: 1, users: 3, subscriptions: 1 });
    const [alice, bob] = await bench.store.read("demo", ["alice", "bob"]);
    expect(alice).toMatchObject({
      custom: { text: "In a meeting" },
      friends: ["bob"],
      sessions: [{ deviceId: "laptop" }],
      endedRows: [{ target: "carol" }],
    });
    expect([...(alice?.rows.keys() ?? [])]).toEqual(["bob"]);
    expect(bob?.registered).toBe(true);
    expect(await bench.store.features("demo")).toMatchObject({ friendNotifications: true });
  });

  it("is brought to a newer format step by step, each in one piece", () => {
    const file = new DatabaseSync(":memory:");
    const steps = [...migrations, "CREATE TABLE more (x); INSERT INTO more VALUES (1)"];
    expect(migrate(file, migrations)).toBe(0);
    expect(migrate(file, steps)).toBe(1);
    expect(migrate(file, steps)).toBe(2);
    expect(file.prepare("SELECT count(*) AS n FROM more").get()).toEqual({ n: 1 });
    expect(() => migrate(file, [...steps, "CREATE TABLE half (x); CREATE TABLE more (x)"])).toThrow(/already exists/);
    file.exec("ROLLBACK");
    expect(() => file.exec("SELECT * FROM half")).toThrow(/no such table/);
    expect(() => migrate(file, migrations)).toThrow(FormatError);
  });
});

describe("a directory", () => {
  it("serves one server at a time", async () => {
    await start("x");
    const directory = bench.directory();
    const second = createEmbeddedBench(rulesOf("standard"));
    await second.close();
    expect(() => second.openAt(directory)).toThrow(
      `Another server uses ${directory}: each needs a directory of its own (--data)`,
    );
    await bench.close();
    second.openAt(directory);
    await second.close();
    second.remove();
  });

  it("that can't be made ends the start with one line", async () => {
    await start();
    await bench.close();
    const file = join(bench.directory(), "a-file");
    writeFileSync(file, "");
    expect(() => bench.openAt(join(file, "below"))).toThrow(
      /^Can't use .*a-file\/below\/userstatus.db \(--data\): ENOTDIR/,
    );
  });
});

/** Small file systems need the rights of root. */
function mounted(options: string): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), "userstatus-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory], { stdio: "ignore" });
    return directory;
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
}
const disk = mounted("size=2m");
const readOnlyDisk = mounted("size=2m");
afterAll(() => {
  for (const each of [disk, readOnlyDisk]) {
    if (each === undefined) continue;
    // Lazily: files of a server that "died" are still open.
    execFileSync("umount", ["-l", each]);
    rmSync(each, { recursive: true });
  }
});

describe.skipIf(disk === undefined)("a disk", () => {
  it("that is full refuses changes while reads go on, and takes them again when it has room", async () => {
    await start();
    await bench.close();
    const directory = join(disk ?? "", "data");
    mkdirSync(directory);
    bench.openAt(directory);
    await say("before");
    const ballast = join(disk ?? "", "ballast");
    fill(ballast);
    let refused: unknown;
    for (let number = 0; number < 200 && refused === undefined; number++) {
      refused = await say(`${"x".repeat(200)} ${number}`).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(refused).toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(bench.told[0]).toMatch(/full/);
    const held = await text("a");
    await expect(say("refused")).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(await text("a")).toBe(held);
    rmSync(ballast);
    bench.wall.pass(1_000);
    while (bench.store.keeping?.().refusing) await new Promise(setImmediate);
    await say("after");
    bench.crash();
    expect(await text("a")).toBe("after");
  });

  it("that is read-only ends the start with one line", async () => {
    await start();
    await bench.close();
    const directory = readOnlyDisk ?? "";
    copyFileSync(db(), join(directory, "userstatus.db"));
    execFileSync("mount", ["-o", "remount,ro", directory]);
    expect(() => bench.openAt(directory)).toThrow(
      /^Can't use .*userstatus.db \(--data\): it can't be (written|opened)$/,
    );
  });
});

/** Takes every byte that is left. */
function fill(file: string): void {
  const fd = openSync(file, "w");
  const block = Buffer.alloc(4_096);
  try {
    for (;;) writeSync(fd, block);
  } catch (error) {
    expect((error as { code?: string }).code).toBe("ENOSPC");
  } finally {
    closeSync(fd);
  }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  writeFileSync(file, bytes);
}
