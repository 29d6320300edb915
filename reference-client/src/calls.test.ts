// The calls of a connected client: batches, repairs, rates, lists, sync.
import { publishedProfile, UserStatusService } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { refusal } from "./testing/fake-service.ts";
import { connectedHarness, createHarness, type Harness } from "./testing/harness.ts";

/** A harness whose server advertises small batches. */
async function smallBatches(): Promise<Harness> {
  const harness = createHarness();
  const profile = publishedProfile("standard");
  if (profile?.query === undefined || profile.subscription === undefined) throw new Error("no profile");
  profile.query.batchMax = 2;
  profile.subscription.subscribeBatchMax = 3;
  profile.subscription.unsubscribeBatchMax = 2;
  profile.subscription.listPageMax = 2;
  harness.fake.script({
    getServerInfo: () => ({ profile }),
    queryStatuses: ({ userIds }) => ({
      epoch: "E1",
      results: userIds.map((userId) => ({
        userId,
        result:
          userId === "nobody"
            ? { case: "error" as const, value: { reason: "USER_NOT_FOUND", metadata: { vendor_code: "6" } } }
            : { case: "status" as const, value: { userId, revision: 4n } },
      })),
    }),
    subscribe: ({ userIds }) => ({
      epoch: "E1",
      results: userIds.map((userId) => ({
        userId,
        result: {
          case: "subscribed" as const,
          value: { subscription: { userId, generation: 1n }, status: { userId, revision: 4n } },
        },
      })),
    }),
    unsubscribe: ({ target }) => ({ endedUserIds: target.case === "users" ? target.value.userIds : ["x", "y"] }),
  });
  await harness.client.connect();
  return harness;
}

const idsOf = (harness: Harness, name: string): unknown[] =>
  harness.fake.calls
    .filter((call) => call.name === name)
    .map((call) => (call.request as { userIds: string[] }).userIds);

describe("client-batches", () => {
  it("cuts a query by the advertised limit and merges the answers in order", async () => {
    const harness = await smallBatches();
    const results = await harness.client.query(["c", "a", "c", "nobody", "b", "d"]);
    expect(idsOf(harness, "queryStatuses")).toEqual([["c", "a"], ["nobody", "b"], ["d"]]);
    expect(results.map((result) => result.userId)).toEqual(["c", "a", "nobody", "b", "d"]);
    expect(results[2]).toMatchObject({ ok: false, error: { reason: "USER_NOT_FOUND", vendorCode: 6 } });
    expect(results[0]).toMatchObject({ ok: true, status: { revision: 4n } });
  });

  it("cuts subscribe and unsubscribe likewise, and folds what they bring", async () => {
    const harness = await smallBatches();
    await harness.client.subscribe(["a", "b", "c", "d"], { ttlMs: 60_000 });
    expect(idsOf(harness, "subscribe")).toEqual([["a", "b", "c"], ["d"]]);
    expect([...harness.client.statuses.keys()]).toEqual(["a", "b", "c", "d"]);
    expect(harness.client.subscriptions.size).toBe(4);
    expect(harness.seen.statusChanged).toHaveLength(4);
    const results = await harness.client.unsubscribe(["d", "b", "a"]);
    expect(results).toEqual([
      { ok: true, userId: "d" },
      { ok: true, userId: "b" },
      { ok: true, userId: "a" },
    ]);
    expect(harness.client.subscriptions.size).toBe(1);
    expect(await harness.client.unsubscribeAll()).toEqual(["x", "y"]);
  });

  it("says what went through when a later batch is refused", async () => {
    const harness = await smallBatches();
    let calls = 0;
    harness.fake.script({
      queryStatuses: ({ userIds }) => {
        calls += 1;
        if (calls === 2) throw refusal("RATE_LIMITED", {}, 800);
        return {
          epoch: "E1",
          results: userIds.map((userId) => ({ userId, result: { case: "status", value: { userId } } })),
        };
      },
    });
    const failure = await harness.client.query(["a", "b", "c"]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: "RATE_LIMITED", retryAfterMs: 800 });
    expect(failure).toMatchObject({
      partialResults: [
        { ok: true, userId: "a" },
        { ok: true, userId: "b" },
      ],
    });
    expect(calls).toBe(2);
  });

  it("refuses bad input before anything is sent", async () => {
    const harness = await smallBatches();
    const { length } = harness.fake.calls;
    await expect(harness.client.subscribe(["a", "white space"])).rejects.toMatchObject({ reason: "INVALID_USER_ID" });
    await expect(harness.client.query([])).rejects.toMatchObject({ reason: "BATCH_EMPTY" });
    await expect(harness.client.unsubscribe([])).rejects.toMatchObject({ reason: "BATCH_EMPTY" });
    for (const ttlMs of [0, -1, 1.5, Number.NaN]) {
      await expect(harness.client.setCustomStatus("x", { ttlMs })).rejects.toMatchObject({
        reason: "TTL_OUT_OF_RANGE",
      });
    }
    expect(harness.fake.calls).toHaveLength(length);
  });
});

describe("results", () => {
  it("a query gives the newest status that is known", async () => {
    const harness = await smallBatches();
    harness.fake.watch().send({ case: "status", value: { userId: "a", revision: 9n } });
    await harness.time.settle();
    expect(await harness.client.query(["a"])).toMatchObject([{ ok: true, status: { revision: 9n } }]);
  });

  it("a result of a kind that a newer server knows is a failure of that user alone", async () => {
    const harness = await smallBatches();
    harness.fake.script({
      queryStatuses: () => ({
        epoch: "E1",
        results: [{ userId: "a" }, { userId: "b", result: { case: "status", value: { userId: "b" } } }],
      }),
    });
    expect(await harness.client.query(["a", "b"])).toMatchObject([
      { ok: false, error: { reason: "UNKNOWN" } },
      { ok: true },
    ]);
  });

  it("a custom status that was set is told as self", async () => {
    const harness = await smallBatches();
    const self = await harness.client.setCustomStatus("busy");
    expect(self.status?.customStatus?.text).toBe("busy");
    expect(harness.client.self).toBe(self);
    expect(harness.seen.selfChanged.at(-1)?.self).toBe(self);
  });
});

describe("repairs", () => {
  it("revives a lost session with a heartbeat and goes on", async () => {
    const harness = await connectedHarness();
    let lost = true;
    harness.fake.script({
      heartbeat: () => {
        lost = false;
        return {};
      },
      setCustomStatus: () => {
        if (lost) throw refusal("SESSION_LOST");
        return { epoch: "E1", self: { status: { userId: "me", revision: 8n } } };
      },
    });
    await harness.client.setCustomStatus("x");
    expect(harness.fake.count("setCustomStatus")).toBe(2);
    expect(harness.fake.count("login")).toBe(1);
  });

  it("gives up after a few repairs", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ setCustomStatus: () => Promise.reject(refusal("SESSION_LOST")) });
    await expect(harness.client.setCustomStatus("x")).rejects.toMatchObject({ reason: "SESSION_LOST" });
    expect(harness.fake.count("setCustomStatus")).toBe(3);
  });

  it("waits for the new login when the session has decayed", async () => {
    const harness = await connectedHarness();
    harness.fake.script({
      login: () => ({ sessionId: "S2", epoch: "E1" }),
      setCustomStatus: ({ sessionId }) => {
        if (sessionId === "S1") throw refusal("SESSION_ENDED", { end_reason: "DECAYED" });
        return { epoch: "E1", self: { status: { userId: "me", revision: 8n } } };
      },
    });
    const set = harness.client.setCustomStatus("x");
    await harness.time.advance(1_000);
    expect((await set).status?.revision).toBe(8n);
    expect(harness.states().slice(2)).toEqual(["RECONNECTING/SESSION_GONE", "CONNECTED/RECONNECTED"]);
  });

  it("is refused, and the client is out, when the session was kicked", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ setCustomStatus: () => Promise.reject(refusal("SESSION_ENDED", { end_reason: "KICKED" })) });
    await expect(harness.client.setCustomStatus("x")).rejects.toMatchObject({ reason: "SESSION_ENDED" });
    await harness.time.settle();
    expect(harness.states().at(-1)).toBe("DISCONNECTED/KICKED_OUT");
    expect(harness.fake.count("login")).toBe(1);
  });
});

describe("rates", () => {
  it("surfaces the wait, or waits if asked to", async () => {
    const harness = await connectedHarness();
    let refused = 0;
    harness.fake.script({
      setCustomStatus: () => {
        refused += 1;
        if (refused < 3) throw refusal("RATE_LIMITED", { vendor_code: "1" }, 700);
        return { epoch: "E1", self: { status: { userId: "me", revision: 8n } } };
      },
    });
    await expect(harness.client.setCustomStatus("x")).rejects.toMatchObject({
      reason: "RATE_LIMITED",
      retryAfterMs: 700,
      vendorCode: 1,
    });
    const set = harness.client.setCustomStatus("x", { waitWhenLimited: true });
    await harness.time.advance(699);
    expect(harness.fake.count("setCustomStatus")).toBe(2);
    await harness.time.advance(1);
    await set;
    expect(harness.fake.count("setCustomStatus")).toBe(3);
  });

  it("stops waiting by the signal", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ setCustomStatus: () => Promise.reject(refusal("RATE_LIMITED", {}, 60_000)) });
    const before = harness.time.pending().length;
    const abort = new AbortController();
    const failed = expect(
      harness.client.setCustomStatus("x", { waitWhenLimited: true, signal: abort.signal }),
    ).rejects.toMatchObject({ reason: "ABORTED" });
    await harness.time.settle();
    abort.abort();
    await failed;
    expect(harness.time.pending()).toHaveLength(before);
  });
});

describe("calls and their signals", () => {
  it.each([
    "setCustomStatus",
    "query",
    "subscribe",
    "unsubscribe",
    "unsubscribeAll",
    "listSubscriptions",
    "sync",
  ] as const)("%s ends by its signal and by its time limit", async (name) => {
    const harness = await connectedHarness({ callTimeoutMs: 2_000 });
    const never = (): Promise<never> => new Promise(() => {});
    harness.fake.script(
      Object.fromEntries(
        UserStatusService.methods
          .filter((method) => method.methodKind === "unary")
          .map((method) => [method.localName, never]),
      ),
    );
    const call = (signal?: AbortSignal): Promise<unknown> => {
      const control = signal === undefined ? {} : { signal };
      if (name === "setCustomStatus") return harness.client.setCustomStatus("x", control);
      if (name === "unsubscribeAll" || name === "listSubscriptions" || name === "sync")
        return harness.client[name](control);
      return harness.client[name](["bob"], control);
    };
    const abort = new AbortController();
    const aborted = expect(call(abort.signal)).rejects.toMatchObject({ reason: "ABORTED" });
    await harness.time.settle();
    abort.abort();
    await aborted;
    const timedOut = expect(call()).rejects.toMatchObject({ reason: "TIMED_OUT" });
    await harness.time.advance(2_000);
    await timedOut;
  });
});

describe("list", () => {
  it("reads all pages, in order, with the filter cut by the page limit", async () => {
    const harness = await smallBatches();
    const pages: Record<string, { rows: string[]; next: string }> = {
      "": { rows: ["a", "b"], next: "p2" },
      p2: { rows: ["c"], next: "" },
    };
    harness.fake.script({
      listSubscriptions: ({ pageToken, userIds }) => {
        const page = userIds.length > 0 ? { rows: userIds, next: "" } : pages[pageToken];
        const subscriptions = (page?.rows ?? []).map((userId) => ({
          subscription: { userId, generation: 1n },
          status: { userId, revision: 2n },
        }));
        return { epoch: "E1", subscriptions, nextPageToken: page?.next ?? "" };
      },
    });
    const names = (rows: readonly { subscription?: { userId: string } | undefined }[]) =>
      rows.map((row) => row.subscription?.userId);
    expect(names(await harness.client.listSubscriptions())).toEqual(["a", "b", "c"]);
    expect(names(await harness.client.listSubscriptions({ userIds: ["z", "a", "m", "z"] }))).toEqual(["a", "m", "z"]);
    expect(idsOf(harness, "listSubscriptions")).toEqual([[], [], ["a", "m"], ["z"]]);
    const first = await harness.client.iterateSubscriptions().next();
    expect(first.value?.subscription?.userId).toBe("a");
    expect(harness.client.statuses.get("c")?.revision).toBe(2n);
  });

  it("does not follow a list without an end", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ listSubscriptions: () => ({ epoch: "E1", nextPageToken: "same" }) });
    await expect(harness.client.listSubscriptions()).rejects.toMatchObject({ reason: "BAD_ANSWER" });
  });
});

describe("sync", () => {
  const markerOf = (harness: Harness): string => {
    const request = harness.fake.calls.findLast(({ name }) => name === "sync")?.request as
      | { marker: string }
      | undefined;
    return request?.marker ?? "";
  };

  it("resolves when its marker comes, after everything before it", async () => {
    const harness = await connectedHarness();
    let done = false;
    const syncing = harness.client.sync().then(() => {
      done = true;
      return harness.client.statuses.has("bob");
    });
    await harness.time.settle();
    harness.fake.watch().send({ case: "synced", value: { marker: "somebody-else" } });
    await harness.time.settle();
    expect(done).toBe(false);
    harness.fake
      .watch()
      .send(
        { case: "status", value: { userId: "bob", revision: 1n } },
        { case: "synced", value: { marker: markerOf(harness) } },
      );
    expect(await syncing).toBe(true);
  });

  it("sends another marker when the stream broke before the first came", async () => {
    const harness = await connectedHarness();
    const syncing = harness.client.sync();
    await harness.time.settle();
    const first = markerOf(harness);
    harness.fake.watch().close();
    await harness.time.advance(500);
    expect(harness.fake.count("sync")).toBe(2);
    expect(markerOf(harness)).not.toBe(first);
    harness.fake.watch().send({ case: "synced", value: { marker: markerOf(harness) } });
    await syncing;
  });

  it("waits for a Watch that the server does not see yet", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ sync: () => Promise.reject(refusal("NO_OPEN_WATCH")) });
    const syncing = harness.client.sync();
    await harness.time.settle();
    harness.fake.script({ sync: () => ({}) });
    await harness.time.advance(200);
    harness.fake.watch().send({ case: "synced", value: { marker: markerOf(harness) } });
    await syncing;
  });

  it("waits as long as told where too many markers wait", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ sync: () => Promise.reject(refusal("TOO_MANY_MARKERS", {}, 900)) });
    const syncing = harness.client.sync();
    await harness.time.settle();
    harness.fake.script({ sync: () => ({}) });
    await harness.time.advance(899);
    expect(harness.fake.count("sync")).toBe(1);
    await harness.time.advance(1);
    harness.fake.watch().send({ case: "synced", value: { marker: markerOf(harness) } });
    await syncing;
  });

  it("is rejected at once when the client is disconnected", async () => {
    const harness = await connectedHarness();
    const waiting = expect(harness.client.sync()).rejects.toMatchObject({ reason: "NOT_CONNECTED" });
    await harness.time.settle();
    await harness.client.disconnect();
    await waiting;
    await expect(harness.client.sync()).rejects.toMatchObject({ reason: "NOT_CONNECTED" });
    expect(harness.time.pending()).toEqual([]);
  });

  it("keeps a bound on those that wait", async () => {
    const harness = await connectedHarness();
    const waiting = Array.from({ length: 16 }, () => harness.client.sync().catch(() => {}));
    await harness.time.settle();
    await expect(harness.client.sync()).rejects.toMatchObject({ reason: "TOO_MANY_SYNCS" });
    await harness.client.disconnect();
    await Promise.all(waiting);
  });
});
