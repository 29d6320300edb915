// What callers see of a store that keeps its changes: nothing leaves before it is durable, and what can't be kept is refused.
import { type Client, Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  Platform,
  publishedProfile,
  UserStatusService,
  WatchEndReason,
  type WatchResponse,
} from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { ErrorInfoSchema, RetryInfoSchema } from "@userstatus/protocol/rpc";
import { TestingService } from "@userstatus/protocol/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPresenceServer, type PresenceServer } from "./presence-server.ts";
import { identityKey } from "./rpc/identity.ts";
import { rulesOf } from "./testing/core-bench.ts";
import { createEmbeddedBench, type EmbeddedBench, kept } from "./testing/embedded-bench.ts";

let bench: EmbeddedBench;
let presence: PresenceServer;
let user: Client<typeof UserStatusService>;
let admin: Client<typeof AdminService>;
let testing: Client<typeof TestingService>;
const as = (userId: string) => ({ headers: { "x-user": userId } });
const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

beforeEach(() => {
  bench = createEmbeddedBench(rulesOf("standard"));
  const profile = publishedProfile("standard");
  if (!profile) throw new Error("no profile");
  presence = createPresenceServer(
    {
      profile,
      claims: [],
      serverName: "test",
      serverVersion: "0",
      testClock: true,
      keepAliveMs: 15_000,
      wallNow: bench.wall.now,
      onFault: (fault) => {
        throw fault;
      },
    },
    { store: () => bench.store },
  );
  const transport = createRouterTransport(
    (router) => {
      for (const routes of [presence.userRoutes, presence.adminRoutes, presence.testingRoutes]) routes(router);
    },
    {
      router: {
        interceptors: [
          (next) => (request) => {
            const userId = request.header.get("x-user") ?? "";
            request.contextValues.set(identityKey, { appId: "app", userId, role: "user", expiresAtMs: null });
            return next(request);
          },
        ],
      },
    },
  );
  user = createClient(UserStatusService, transport);
  admin = createClient(AdminService, transport);
  testing = createClient(TestingService, transport);
});
afterEach(async () => {
  bench.stall(false);
  await presence.close();
  bench.remove();
});

const logIn = (userId: string) => user.login({ deviceId: "d", platform: Platform.LINUX }, as(userId));
const sessionOf = async (userId: string): Promise<string> =>
  (await bench.store.read("app", [userId]))[0]?.sessions[0]?.sessionId ?? "none";
/** Notes when an answer came. */
const pending = (call: Promise<unknown>): { done: boolean } => {
  const state = { done: false };
  call.then(
    () => {
      state.done = true;
    },
    () => {
      state.done = true;
    },
  );
  return state;
};
const unavailable = (error: unknown): unknown => {
  const { code, findDetails } = ConnectError.from(error);
  const find = findDetails.bind(error) as ConnectError["findDetails"];
  return [code, find(ErrorInfoSchema)[0]?.reason, find(RetryInfoSchema).length];
};
const refusedAs = [Code.Unavailable, "STORE_UNAVAILABLE", 1];

it("answers a change when it is durable, and a read when what it saw is", async () => {
  await logIn("a");
  bench.stall(true);
  const change = logIn("b");
  const changed = pending(change);
  await turns();
  const read = admin.queryStatuses({ userIds: ["b"] }, as("backend"));
  const answered = pending(read);
  await turns();
  expect([changed.done, answered.done]).toEqual([false, false]);
  bench.stall(false);
  expect((await change).self?.status?.onlineStatus).toBe(1);
  expect((await read).results[0]?.result).toMatchObject({ case: "status", value: { onlineStatus: 1 } });
  const again = await admin.queryStatuses({ userIds: ["b"] }, as("backend"));
  expect(again.results).toHaveLength(1);
});

it("tells watchers of a change when it is durable", async () => {
  const { sessionId } = await logIn("a");
  await logIn("b");
  await user.subscribe({ sessionId, userIds: ["b"] }, as("a"));
  const stream = user.watch({ sessionId }, as("a"))[Symbol.asyncIterator]();
  await until(stream, "snapshotEnd");
  bench.stall(true);
  const next = stream.next();
  const told = pending(next);
  const logout = user.logout({ sessionId: await sessionOf("b") }, as("b"));
  await turns();
  expect(told.done).toBe(false);
  bench.stall(false);
  await logout;
  expect((await next).value?.events.map(({ event }: { event: { case?: string } }) => event.case)).toEqual(["status"]);
  await stream.return?.(undefined);
});

it("refuses what can't be kept with a typed error, and ends the streams that were about to tell of it", async () => {
  const { sessionId } = await logIn("a");
  await logIn("b");
  await user.subscribe({ sessionId, userIds: ["b"] }, as("a"));
  const stream = user.watch({ sessionId }, as("a"))[Symbol.asyncIterator]();
  await until(stream, "snapshotEnd");
  const before = await admin.queryStatuses({ userIds: ["b"] }, as("backend"));
  bench.failWith = "database or disk is full";
  const own = await sessionOf("b");
  const logout = user.logout({ sessionId: own }, as("b")).catch(unavailable);
  expect(await logout).toEqual(refusedAs);
  const end = await stream.next();
  expect(end.value?.events).toMatchObject([
    { event: { case: "watchEnd", value: { reason: WatchEndReason.RESYNC, mayResume: true } } },
  ]);
  expect((await stream.next()).done).toBe(true);
  // Refused before it is made, from here on; reads, signs of life and Watches go on.
  const text = { sessionId, customStatus: { text: "no" } };
  expect(await user.setCustomStatus(text, as("a")).catch(unavailable)).toEqual(refusedAs);
  expect(await testing.advanceClock({}, as("a")).catch(unavailable)).toEqual(refusedAs);
  expect(await admin.updateFeatures({ features: { plan: false } }, as("a")).catch(unavailable)).toEqual(refusedAs);
  expect(await admin.queryStatuses({ userIds: ["b"] }, as("backend"))).toEqual(before);
  await user.heartbeat({ sessionId }, as("a"));
  const second = user.watch({ sessionId }, as("a"))[Symbol.asyncIterator]();
  expect(await until(second, "snapshotEnd")).toContain("subscribed");
  bench.failWith = undefined;
  bench.wall.pass(1_000);
  await turns();
  await user.setCustomStatus(text, as("a"));
  expect(await until(second, "self")).toContain("self");
  await second.return?.(undefined);
});

it("refuses a Watch whose opening would tell of what can't be kept", async () => {
  const { sessionId } = await logIn("a");
  await kept(bench.store);
  bench.stall(true);
  const change = user.setCustomStatus({ sessionId, customStatus: { text: "never" } }, as("a")).catch(unavailable);
  await turns();
  const stream = user.watch({ sessionId }, as("a"))[Symbol.asyncIterator]();
  const first = stream.next().catch(unavailable);
  await turns();
  bench.failWith = "disk I/O error";
  bench.stall(false);
  expect([await change, await first]).toEqual([refusedAs, refusedAs]);
});

/** Reads until an event of this kind came; the kinds of all that were read. */
async function until(stream: AsyncIterator<WatchResponse>, kind: string): Promise<string[]> {
  const kinds: string[] = [];
  while (!kinds.includes(kind)) {
    const { value, done } = await stream.next();
    if (done) throw new Error(`the stream ended before ${kind}: ${kinds.join()}`);
    for (const { event } of value.events) kinds.push(event.case ?? "");
  }
  return kinds;
}
