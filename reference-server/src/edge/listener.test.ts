import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EdgeServer, startEdgeServer } from "../testing/edge-server.ts";

let server: EdgeServer;
let strict: EdgeServer;
beforeAll(async () => {
  server = await startEdgeServer();
  strict = await startEdgeServer(["--dev", "--cors-origin", "https://app.example"]);
});
afterAll(() => Promise.all([server.stop(), strict.stop()]));

const path = "/userstatus.v1.UserStatusService";
const bearer = { Authorization: "Bearer dev:demo:alice" };

describe("GET", () => {
  const query = (message: object) => `encoding=json&message=${encodeURIComponent(JSON.stringify(message))}`;
  const get = (method: string, message: object, headers: Record<string, string> = {}) =>
    fetch(`${server.urls.url}${path}/${method}?${query(message)}`, { headers });

  test("answers reads as POST does, and nothing may keep the answer", async () => {
    const answer = await get("QueryStatuses", { userIds: ["a", "b"] }, bearer);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ epoch: "e1", results: [{ userId: "a" }, { userId: "b" }] });
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("a URL of 4,096 bytes is taken", async () => {
    const room = 4_096 - `${path}/QueryStatuses?${query({ sessionId: "" })}`.length;
    expect((await get("QueryStatuses", { sessionId: "x".repeat(room) }, bearer)).status).toBe(200);
  });

  test("refusals may not be kept either", async () => {
    const answer = await get("QueryStatuses", {});
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([401, "no-store"]);
    expect((await fetch(`${server.urls.url}/nothing/here`)).headers.get("cache-control")).toBe("no-store");
  });

  test("calls with an effect are not answered", async () => {
    const answer = await get("Login", {}, bearer);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([405, "no-store"]);
  });

  test("the library's clients can use it", async () => {
    for (const useBinaryFormat of [true, false]) {
      const options = { baseUrl: server.urls.url, httpVersion: "1.1", useHttpGet: true, useBinaryFormat } as const;
      const client = createClient(UserStatusService, createConnectTransport(options));
      expect((await client.queryStatuses({ userIds: ["a"] }, { headers: bearer })).results).toHaveLength(1);
    }
  });
});

describe("web pages", () => {
  const preflight = (url: string, origin: string) =>
    fetch(`${url}${path}/Login`, {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
      },
    });

  test("in development any may call", async () => {
    const answer = await preflight(server.urls.url, "http://localhost:5173");
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-methods")).toBe("POST, GET");
    const allowed = answer.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining(["authorization", "content-type", "connect-protocol-version", "x-grpc-web"]),
    );
    const info = await fetch(`${server.urls.url}${path}/GetServerInfo?encoding=json&message={}`, {
      headers: { Origin: "http://localhost:5173" },
    });
    expect(info.headers.get("access-control-allow-origin")).toBe("*");
    expect(info.headers.get("access-control-expose-headers")).toContain("Grpc-Status");
  });

  test("else those of the listed origins", async () => {
    const good = await preflight(strict.urls.url, "https://app.example");
    expect(good.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(good.headers.get("vary")).toBe("Origin");
    const bad = await preflight(strict.urls.url, "https://evil.example");
    expect([bad.status, bad.headers.get("access-control-allow-origin")]).toEqual([204, null]);
  });
});

test("health for load balancers, and 404 for the rest", async () => {
  const health = await fetch(`${server.urls.url}/healthz`);
  expect([health.status, await health.text()]).toEqual([200, "ok\n"]);
  expect((await fetch(`${server.urls.url}/healthz`, { method: "POST" })).status).toBe(405);
  expect((await fetch(`${server.urls.url}/`)).status).toBe(404);
});

describe("what no client sends", () => {
  const raw = (request: string) => {
    const socket = connect(Number(new URL(server.urls.url).port), "127.0.0.1");
    socket.write(request);
    return text(socket);
  };
  const call = (head: string) => `POST ${path}/GetServerInfo HTTP/1.1\r\n${head}Connection: close\r\n\r\n`;

  test.each([
    ["a Host that is none", call("Host: [\r\nContent-Type: application/json\r\nContent-Length: 2\r\n")],
    ["HTTP/1.0 without Host", `POST ${path}/GetServerInfo HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}`],
    ["no Host", call("")],
    ["two lengths", call("Host: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n")],
  ])("%s is answered with 400", async (_name, request) => {
    expect(await raw(request)).toMatch(/^HTTP\/1.1 400 /);
  });

  test("a content type of another world", async () => {
    const answer = await fetch(`${server.urls.url}${path}/Login`, {
      method: "POST",
      headers: { ...bearer, "Content-Type": "text/xml" },
      body: "<a/>",
    });
    expect(answer.status).toBe(415);
  });
});
