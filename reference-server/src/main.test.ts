import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
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
    testingUrl: listening["adminUrl"],
    profile: "zim",
  });
  const client = createClient(UserStatusService, createGrpcTransport({ baseUrl: listening["url"] ?? "" }));
  const headers = { Authorization: "Bearer dev:demo:alice" };
  const { sessionId } = await client.login({ deviceId: "d", platform: Platform.LINUX }, { headers });
  const events: (string | undefined)[] = [];
  for await (const frame of client.watch({ sessionId }, { headers })) {
    if (events.length === 0) child.kill("SIGTERM");
    events.push(...frame.events.map(({ event }) => event.case));
  }
  expect([events[0], events.at(-1)]).toEqual(["hello", "watchEnd"]);
  expect((await exit)[0]).toBe(0);
  expect(await stderr).toContain(`npx userstatus-conformance --url ${listening["url"]} --admin-url`);
});

test("wrong flags end with 2, a port that is taken with 1, each in one line", async () => {
  const { listening } = await startDev();
  const taken = listening["url"]?.replace("http://", "") ?? "";
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

test("a second signal does not wait", async () => {
  const { child, listening, exit } = await startDev();
  const half = connect(Number(new URL(listening["url"] ?? "").port), "127.0.0.1");
  half.on("error", () => {});
  half.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
  await once(half, "data");
  half.write("POST /again HTTP/1.1\r\n");
  child.kill("SIGTERM");
  const refused = async () => {
    const probe = connect(Number(new URL(listening["url"] ?? "").port), "127.0.0.1");
    const [error] = await once(probe, "error").catch((thrown: unknown) => [thrown]);
    return (error as { code?: string } | undefined)?.code;
  };
  expect(await refused()).toBe("ECONNREFUSED");
  child.kill("SIGINT");
  expect((await exit)[0]).toBe(1);
  half.destroy();
});
