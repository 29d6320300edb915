// 100,000 bad requests: each is refused, nothing changes, and the server goes on serving everybody else.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Platform, type UserStatus, UserStatusService } from "@userstatus/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

/** The long form where CI is set. */
const requests = process.env.CI === undefined ? 20_000 : 100_000;
const connections = 20;
const batch = 50;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess();
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

const service = "/userstatus.v1.UserStatusService";
const token = "Authorization: Bearer dev:app:mallory";

/** One bad request of many kinds; every one is complete HTTP, so that the connection can go on. */
function badRequest(number: number): Buffer {
  const noise = randomBytes(1 + (number % 40));
  const head = (path: string, headers: readonly string[], body: Buffer | string): Buffer => {
    const length = Buffer.byteLength(body);
    const lines = [`POST ${path} HTTP/1.1`, "Host: x", `Content-Length: ${length}`, ...headers];
    return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), Buffer.from(body)]);
  };
  const json = "Content-Type: application/json";
  const proto = "Content-Type: application/proto";
  const kinds: (() => Buffer)[] = [
    () => head(`${service}/Login`, [json, token], '{"deviceId":'),
    () => head(`${service}/Login`, [json, token], '{"deviceId":"d"}'),
    () => head(`${service}/Login`, [json], '{"deviceId":"d","platform":"PLATFORM_IOS"}'),
    () => head(`${service}/Login`, [proto, token], Buffer.concat([Buffer.from([0xff]), noise])),
    () => head(`${service}/Login`, ["Content-Type: text/plain", token], noise),
    () => head(`${service}/NoSuchMethod`, [json, token], "{}"),
    () => head("/no.such.Service/Method", [json, token], noise),
    () => head(`${service}/Login`, [json, "Authorization: Bearer x.y.z"], "{}"),
    () => head(`${service}/Heartbeat`, [json, token], `{"sessionId":"${noise.toString("hex")}"}`),
    () => head(`${service}/Subscribe`, [json, token], `{"sessionId":"s","userIds":["${"x".repeat(33)}"]}`),
    () => head(`${service}/QueryStatuses`, [json, token], `{"userIds":${JSON.stringify(Array(600).fill("u"))}}`),
    () => head(`${service}/Watch`, ["Content-Type: application/connect+json", token], noise),
    () =>
      head(`${service}/Watch`, ["Content-Type: application/grpc-web+proto", token], Buffer.from([0, 0, 0, 9, 9, 1])),
    () => head(`${service}/Sync`, [json, token], `{"sessionId":"s","marker":"${"m".repeat(65)}"}`),
  ];
  return (kinds[number % kinds.length] as () => Buffer)();
}

/** Sends bad requests over one connection, a batch at a time; answers how many were refused and how many were let in. */
function flood(url: URL, count: number, first: number): Promise<{ refused: number; accepted: number }> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let refused = 0;
    let accepted = 0;
    let tail = "";
    const socket = connect(Number(url.port), url.hostname, next);
    function next(): void {
      if (sent >= count) {
        socket.end();
        resolve({ refused, accepted });
        return;
      }
      const size = Math.min(batch, count - sent);
      socket.write(Buffer.concat(Array.from({ length: size }, (_, index) => badRequest(first + sent + index))));
      sent += size;
    }
    socket.on("data", (chunk) => {
      const text = tail + chunk.toString("latin1");
      for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        // A stream of Connect or gRPC-Web says 200 and carries its error in the end of the stream.
        if (status === "200" && !/(error|grpc-status)/.test(text)) accepted++;
        else refused++;
      }
      tail = text.slice(Math.max(text.lastIndexOf("HTTP/1.1 ") + 12, text.length - 11));
      if (refused + accepted === sent) next();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${refused + accepted} of ${sent}`)));
  });
}

describe("garbage", () => {
  it(`of ${requests} requests is refused, changes nothing, and stops nobody else`, { timeout: 180_000 }, async () => {
    const client = createClient(UserStatusService, createGrpcTransport({ baseUrl: server.url }));
    const as = (user: string) => ({ headers: { authorization: `Bearer dev:app:${user}` } });
    const bob = await client.login({ deviceId: "d", platform: Platform.IOS }, as("bob"));
    const alice = await client.login({ deviceId: "d", platform: Platform.IOS }, as("alice"));
    await client.subscribe({ sessionId: alice.sessionId, userIds: ["bob"] }, as("alice"));
    const leave = new AbortController();
    const seen: UserStatus[] = [];
    const markers: string[] = [];
    const watching = (async () => {
      for await (const frame of client.watch(
        { sessionId: alice.sessionId },
        { ...as("alice"), signal: leave.signal },
      )) {
        for (const { event } of frame.events) {
          if (event.case === "status") seen.push(event.value);
          if (event.case === "synced") markers.push(event.value.marker);
        }
      }
    })().catch(() => {});
    const share = requests / connections;
    const floods = Promise.all(
      Array.from({ length: connections }, (_, index) => flood(new URL(server.url), share, index * share)),
    );
    let round = 0;
    let flooding = true;
    const working = (async () => {
      while (flooding) {
        if (round < 9) {
          const customStatus = { text: `round ${++round}` };
          await client.setCustomStatus({ sessionId: bob.sessionId, customStatus }, as("bob"));
        }
        await client.heartbeat({ sessionId: alice.sessionId }, as("alice"));
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    })();
    const results = await floods;
    flooding = false;
    await working;
    expect(results.reduce((sum, { refused }) => sum + refused, 0)).toBe(requests);
    expect(round).toBeGreaterThan(0);
    await client.heartbeat({ sessionId: alice.sessionId }, as("alice"));
    await client.sync({ sessionId: alice.sessionId, marker: "after" }, as("alice"));
    await expect.poll(() => markers, { timeout: 10_000 }).toEqual(["after"]);
    expect(seen.at(-1)?.customStatus?.text).toBe(`round ${round}`);
    const asked = await client.queryStatuses({ sessionId: alice.sessionId, userIds: ["mallory", "bob"] }, as("alice"));
    expect(asked.results.map(({ result }) => result.case)).toEqual(["error", "status"]);
    expect(await server.rssBytes()).toBeLessThan(600 * 1024 * 1024);
    leave.abort();
    await watching;
  });
});
