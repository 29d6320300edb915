import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Platform, UserStatusService } from "@userstatus/protocol";
import { afterEach, expect, test } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
let started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  started = [];
});

function start(...flags: string[]) {
  const argv = ["--conditions=@userstatus/source", "--import", "tsx", main, ...flags];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  return { child, stderr: text(child.stderr), exit: once(child, "exit") as Promise<[number | null]> };
}

function untilLogged(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    let logged = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      logged += String(chunk);
      if (logged.includes(word)) resolve();
    });
  });
}

const devFlags = ["--dev", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

async function startDev(...flags: string[]) {
  const running = start(...devFlags, ...flags);
  const [line] = (await once(running.child.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
  return { ...running, listening: JSON.parse(String(line)) as Record<string, string> };
}

test("it says where it listens, serves, and drains on SIGTERM", async () => {
  const { child, listening, stderr, exit } = await startDev("--profile", "zim", "--log-level", "info");
  expect(listening).toEqual({
    event: "listening",
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    adminUrl: expect.stringMatching(/^http:/),
    testingUrl: listening.adminUrl,
    profile: "zim",
  });
  const client = createClient(UserStatusService, createGrpcTransport({ baseUrl: listening.url ?? "" }));
  const headers = { Authorization: "Bearer dev:demo:alice" };
  const { sessionId } = await client.login({ deviceId: "d", platform: Platform.LINUX }, { headers });
  const events: (string | undefined)[] = [];
  for await (const frame of client.watch({ sessionId }, { headers })) {
    if (events.length === 0) child.kill("SIGTERM");
    events.push(...frame.events.map(({ event }) => event.case));
  }
  expect([events[0], events.at(-1)]).toEqual(["hello", "watchEnd"]);
  expect((await exit)[0]).toBe(0);
  expect(await stderr).toContain(`npm run conformance -- --url ${listening.url} --admin-url`);
});

test("wrong flags end with 2, a port that is taken with 1, each in one line", async () => {
  const { listening } = await startDev();
  const taken = listening.url?.replace("http://", "") ?? "";
  const wrong = start("--dev", "--lisen", "x");
  const second = start("--dev", "--listen", taken);
  expect([(await wrong.exit)[0], await wrong.stderr]).toEqual([
    2,
    "userstatus-server: There is no option --lisen; did you mean --listen? (--help lists the options)\n",
  ]);
  expect([(await second.exit)[0], await second.stderr]).toEqual([
    1,
    `userstatus-server: Can't listen on ${taken} (--listen): another program listens there\n`,
  ]);
});

test("what is kept is there after a kill, for one server at a time", async () => {
  const directory = mkdtempSync(join(tmpdir(), "userstatus-main-"));
  const data = ["--data", directory];
  const headers = { Authorization: "Bearer dev:demo:alice" };
  const clientOf = (url = "") => createClient(UserStatusService, createGrpcTransport({ baseUrl: url }));
  const first = await startDev(...data);
  const user = clientOf(first.listening.url);
  const { sessionId, epoch } = await user.login({ deviceId: "d", platform: Platform.LINUX }, { headers });
  await user.setCustomStatus({ sessionId, customStatus: { text: "kept" } }, { headers });
  const second = start(...devFlags, ...data);
  expect((await second.exit)[0]).toBe(1);
  expect(await second.stderr).toBe(
    `userstatus-server: Another server uses ${directory}: each needs a directory of its own (--data)\n`,
  );
  first.child.kill("SIGKILL");
  await first.exit;
  const again = await startDev(...data);
  const found = await clientOf(again.listening.url).queryStatuses({ sessionId, userIds: ["alice"] }, { headers });
  expect(found.epoch).toBe(epoch);
  expect(found.results[0]?.result.value).toMatchObject({ onlineStatus: 1, customStatus: { text: "kept" } });
  again.child.kill("SIGTERM");
  expect((await again.exit)[0]).toBe(0);
  expect(readdirSync(directory).sort()).toEqual(["userstatus.db", "userstatus.lock"]);
  rmSync(directory, { recursive: true });
});

test("a second signal does not wait", async () => {
  const { child, listening, exit } = await startDev();
  const half = connect(Number(new URL(listening.url ?? "").port), "127.0.0.1");
  half.on("error", () => {});
  // A call whose body does not come: the drain would wait for it.
  const head = "Host: x\r\nAuthorization: Bearer dev:demo:a\r\nContent-Type: application/json\r\nContent-Length: 9";
  half.write(`POST /userstatus.v1.UserStatusService/Login HTTP/1.1\r\n${head}\r\nExpect: 100-continue\r\n\r\n`);
  expect(String(await once(half, "data"))).toMatch(/^HTTP\/1.1 100 /);
  const draining = untilLogged(child, "draining");
  child.kill("SIGTERM");
  await draining;
  child.kill("SIGINT");
  expect((await exit)[0]).toBe(1);
  half.destroy();
});
