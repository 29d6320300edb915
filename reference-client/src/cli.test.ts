// The command line as a process, against the real reference server: signals, pipes, exit codes.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningServer, sourceCondition, startReferenceServer, tsx } from "./testing/reference-server.ts";

const entry = fileURLToPath(new URL("./cli.ts", import.meta.url));

let server: RunningServer;
let stateHome: string;

beforeAll(async () => {
  [server, stateHome] = await Promise.all([startReferenceServer(), mkdtemp(join(tmpdir(), "userstatus-cli-"))]);
}, 60_000);

afterAll(async () => {
  await server?.stop();
  if (stateHome !== undefined) await rm(stateHome, { recursive: true });
});

interface Process {
  readonly child: ChildProcess;
  readonly out: string[];
  readonly err: string[];
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  readonly printed: (text: string) => Promise<void>;
}

function start(...args: string[]): Process {
  const env = { ...process.env, XDG_STATE_HOME: stateHome, USERSTATUS_URL: server.url };
  const child = spawn(tsx, [sourceCondition, entry, "--app", "cli", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out: string[] = [];
  const err: string[] = [];
  const looks = new Set<() => void>();
  const collect = (stream: NodeJS.ReadableStream | null, lines: string[]): void => {
    if (stream === null) return;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const look of looks) look();
    });
  };
  collect(child.stdout, out);
  collect(child.stderr, err);
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if ([...out, ...err].some((line) => line.includes(text))) resolve();
      };
      looks.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without printing ${text}:\n${[...out, ...err].join("\n")}`)));
    });
  return { child, out, err, ended, printed };
}

const run = async (...args: string[]): Promise<Process & { code: number | string | null }> => {
  const process = start(...args);
  return { ...process, code: await process.ended };
};

it("one user watches, another logs in, sets and logs out", async () => {
  expect(await run("--user", "alice", "set", "first", "--ttl", "1h")).toMatchObject({ code: 0 });
  const watching = start("--user", "bob", "watch", "alice");
  await watching.printed("SINCE");
  const login = start("--user", "alice", "login");
  await login.printed("logged in as");
  expect(await run("--user", "alice", "set", "second")).toMatchObject({ code: 0, err: [] });
  await watching.printed("second");
  login.child.kill("SIGINT");
  expect(await login.ended).toBe(0);
  await watching.printed("logged out");
  watching.child.kill("SIGTERM");
  expect(await watching.ended).toBe(0);
}, 60_000);

it.each(["connect", "grpc", "grpc-web"])(
  "queries over %s, and logs out",
  async (protocol) => {
    const query = await run(
      "--protocol",
      protocol,
      "--user",
      protocol,
      "query",
      protocol,
      "nobody",
      "--json",
      "--logout",
    );
    expect(query).toMatchObject({ code: 1, err: [] });
    expect(query.out.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { userId: protocol, status: { onlineStatus: "ONLINE" }, error: null },
      { userId: "nobody", status: null, error: { reason: "USER_NOT_FOUND" } },
    ]);
  },
  60_000,
);

it("leaves in order when the reader of its output goes", async () => {
  const watching = start("--user", "piper", "watch", "--json");
  await watching.printed("LOGIN_SUCCEEDED");
  watching.child.stdout?.destroy();
  expect(await run("--user", "piper", "set", "poke", "--json")).toMatchObject({ code: 0 });
  expect(await watching.ended).toBe(0);
  const query = await run("--user", "other", "query", "piper", "--json");
  // One session is left, that of `set`: the watch has logged out.
  expect(JSON.parse(query.out[0] ?? "")).toMatchObject({ status: { onlineStatus: "ONLINE" } });
  expect(watching.err.join("\n")).not.toContain("EPIPE");
}, 60_000);

it("exits 4 with one line when nobody answers, and 2 for wrong usage", async () => {
  const unreachable = await run("--user", "x", "--url", "http://127.0.0.1:9", "query", "y");
  expect(unreachable.code).toBe(4);
  expect(unreachable.err).toEqual(["userstatus: can't reach http://127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9"]);
  const grpc = await run("--user", "x", "--url", "http://127.0.0.1:9", "--protocol", "grpc", "query", "y");
  expect(grpc).toMatchObject({ code: 4 });
  expect(grpc.err).toHaveLength(1);
  expect(await run("--user", "x", "frob")).toMatchObject({ code: 2, out: [] });
}, 60_000);
