// The client against the real reference server, over every wire protocol, through a link that breaks.
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { createConnectTransport as createBrowserTransport } from "@connectrpc/connect-web";
import { OnlineStatus, Platform, ResumeResult, SubscriptionEndReason, type WatchResponse } from "@userstatus/protocol";
import { AdminService, EndSessionsRequestSchema } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createUserStatusClient, type UserStatusClient, type UserStatusError } from "./index.ts";
import { type RunningServer, startReferenceServer } from "./testing/reference-server.ts";
import { startTcpProxy, type TcpProxy } from "./testing/tcp-proxy.ts";

const makers: Readonly<Record<string, (baseUrl: string, interceptors: Interceptor[]) => Transport>> = {
  connect: (baseUrl, interceptors) => createConnectTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
  "connect over HTTP/2": (baseUrl, interceptors) => createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
  grpc: (baseUrl, interceptors) => createGrpcTransport({ baseUrl, interceptors }),
  "grpc-web": (baseUrl, interceptors) => createGrpcWebTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
  "connect by fetch, as in browsers": (baseUrl, interceptors) => createBrowserTransport({ baseUrl, interceptors }),
};

let server: RunningServer;

beforeAll(async () => {
  server = await startReferenceServer();
}, 60_000);

afterAll(async () => {
  await server?.stop();
});

/** Notes how each Watch was opened. */
function noteHellos(results: ResumeResult[]): Interceptor {
  return (next) => async (request) => {
    const response = await next(request);
    if (!response.stream) return response;
    return { ...response, message: spied(response.message as AsyncIterable<WatchResponse>, results) };
  };
}

async function* spied(frames: AsyncIterable<WatchResponse>, results: ResumeResult[]): AsyncGenerator<WatchResponse> {
  for await (const frame of frames) {
    for (const { event } of frame.events) if (event.case === "hello") results.push(event.value.resumeResult);
    yield frame;
  }
}

/** Resolves as soon as it holds, looked at whenever the client tells something. */
function until(client: UserStatusClient, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return;
      for (const stop of stops) stop();
      resolve();
    };
    const stops = (["statusChanged", "connectionStateChanged", "subscriptionEnded", "kickedOut"] as const).map((name) =>
      client.on(name, look),
    );
    look();
  });
}

describe.each(Object.keys(makers))("over %s", (protocol) => {
  const app = protocol.replaceAll(/\W/g, "-").slice(0, 24).toLowerCase();
  const adminHeaders = { authorization: `Bearer dev-admin:${app}` };
  let proxy: TcpProxy;
  let alice: UserStatusClient;
  let bob: UserStatusClient;
  let states: string[];
  let hellos: ResumeResult[];
  let errors: UserStatusError[];

  const clientOf = (user: string, url: string, interceptors: Interceptor[] = []): UserStatusClient =>
    createUserStatusClient({
      transport: (makers[protocol] as (typeof makers)[string])(url, interceptors),
      token: `dev:${app}:${user}`,
      deviceId: "d1",
      platform: Platform.LINUX,
      backoff: { baseMs: 20, maxMs: 100 },
    });

  beforeEach(async () => {
    proxy = await startTcpProxy(server.url);
    states = [];
    hellos = [];
    errors = [];
    alice = clientOf("alice", server.url);
    bob = clientOf("bob", proxy.url, [noteHellos(hellos)]);
    bob.on("connectionStateChanged", ({ state, event }) => states.push(`${state}/${event}`));
    bob.on("error", (error) => errors.push(error));
    await alice.connect();
    await bob.connect();
  });

  afterEach(async () => {
    await bob.close();
    await alice.close();
    await proxy.close();
  });

  it("tells a change as it happens, and nothing after unsubscribe", async () => {
    const [result] = await bob.subscribe(["alice"], { ttlMs: 3_600_000 });
    expect(result).toMatchObject({ ok: true, status: { onlineStatus: OnlineStatus.ONLINE } });
    await alice.setCustomStatus("one");
    await bob.sync();
    expect(bob.statuses.get("alice")?.customStatus?.text).toBe("one");
    expect(await bob.query(["alice", "nobody-at-all", "bob"])).toMatchObject([
      { ok: true, status: { customStatus: { text: "one" } } },
      { ok: false, error: { reason: "USER_NOT_FOUND" } },
      { ok: true, userId: "bob" },
    ]);
    expect((await bob.listSubscriptions()).map((row) => row.subscription?.userId)).toEqual(["alice"]);
    await bob.unsubscribe(["alice"]);
    await alice.setCustomStatus("two");
    await bob.sync();
    expect(bob.statuses.has("alice")).toBe(false);
    expect(bob.subscriptions.has("alice")).toBe(false);
    expect(bob.self?.status?.userId).toBe("bob");
  });

  it("a cut link: RECONNECTING, then RECONNECTED with a resume that tells what was missed", async () => {
    await bob.subscribe(["alice"]);
    await alice.setCustomStatus("before");
    await bob.sync();
    states.length = 0;
    const { sessionId } = bob;
    const lost = until(bob, () => bob.connectionState === "RECONNECTING");
    proxy.cutOff();
    await lost;
    expect(bob.ownStatus).toBe("undecided");
    await alice.setCustomStatus("missed");
    proxy.restore();
    await until(bob, () => bob.statuses.get("alice")?.customStatus?.text === "missed");
    expect(states).toEqual(["RECONNECTING/LINK_LOST", "CONNECTED/RECONNECTED"]);
    expect(hellos).toEqual([ResumeResult.RESET, ResumeResult.RESUMED]);
    expect(bob.sessionId).toBe(sessionId);
    expect(errors.length).toBeGreaterThan(0);
    await bob.sync();
  });

  it("a kick: DISCONNECTED, told, and no coming back", async () => {
    const admin = createClient(AdminService, createConnectTransport({ baseUrl: server.adminUrl, httpVersion: "1.1" }));
    const kicked: string[] = [];
    bob.on("kickedOut", ({ sessionId }) => kicked.push(sessionId));
    const { sessionId } = bob;
    await admin.endSessions(create(EndSessionsRequestSchema, { userId: "bob" }), { headers: adminHeaders });
    await until(bob, () => bob.connectionState === "DISCONNECTED");
    expect(states.at(-1)).toBe("DISCONNECTED/KICKED_OUT");
    expect(bob.ownStatus).toBe("logged-out");
    expect(kicked).toEqual([sessionId]);
    await expect(bob.query(["alice"])).rejects.toMatchObject({ reason: "NOT_CONNECTED" });
    await bob.connect();
    expect(bob.connectionState).toBe("CONNECTED");
    expect(bob.sessionId).not.toBe(sessionId);
  });

  it("a logout: LOGGED_OUT for others at once, and the rows are there after the next login", async () => {
    await alice.subscribe(["bob"]);
    await bob.subscribe(["alice"]);
    await bob.disconnect();
    expect(states.at(-1)).toBe("DISCONNECTED/LOGGED_OUT");
    await alice.sync();
    expect(alice.statuses.get("bob")?.onlineStatus).toBe(OnlineStatus.LOGGED_OUT);
    await alice.setCustomStatus("while you were out");
    await bob.connect();
    expect(bob.statuses.get("alice")?.customStatus?.text).toBe("while you were out");
    expect([...bob.subscriptions.keys()]).toEqual(["alice"]);
  });

  it("a new epoch: a full snapshot", async () => {
    const testing = createClient(
      TestingService,
      createConnectTransport({ baseUrl: server.adminUrl, httpVersion: "1.1" }),
    );
    await bob.subscribe(["alice"]);
    states.length = 0;
    await testing.changeEpoch({}, { headers: adminHeaders });
    await until(bob, () => states.length >= 2 && bob.connectionState === "CONNECTED" && bob.statuses.has("alice"));
    expect(states).toEqual(["RECONNECTING/RESYNC", "CONNECTED/RECONNECTED"]);
    expect(hellos.at(-1)).toBe(ResumeResult.RESET);
    expect([...bob.subscriptions.keys()]).toEqual(["alice"]);
  });

  // Last: it stops the app's clock.
  it("a session that decayed while the link was down: a new login, and rows that ran out are told", async () => {
    const testing = createClient(
      TestingService,
      createConnectTransport({ baseUrl: server.adminUrl, httpVersion: "1.1" }),
    );
    await bob.subscribe(["alice"], { ttlMs: 60_000 });
    const ended: SubscriptionEndReason[] = [];
    bob.on("subscriptionEnded", ({ reason }) => ended.push(reason));
    const { sessionId } = bob;
    states.length = 0;
    proxy.cutOff();
    await until(bob, () => bob.connectionState === "RECONNECTING");
    await testing.advanceClock({ duration: durationFromMs(31 * 86_400_000) }, { headers: adminHeaders });
    proxy.restore();
    await until(bob, () => bob.connectionState === "CONNECTED");
    expect(bob.sessionId).not.toBe(sessionId);
    await bob.sync();
    expect(bob.subscriptions.size).toBe(0);
    expect(ended).toHaveLength(1);
    expect([SubscriptionEndReason.EXPIRED, SubscriptionEndReason.UNSPECIFIED]).toContain(ended[0]);
  });
});
