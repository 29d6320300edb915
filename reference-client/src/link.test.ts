// The life of a connection: opening, losing, coming back, leaving. Time stands still unless a test moves it.
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { WatchEndReason } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { type EventInit, refusal } from "./testing/fake-service.ts";
import { connectedHarness, createHarness, type Harness } from "./testing/harness.ts";

function end(reason: WatchEndReason, mayResume: boolean, minMs = 0, maxMs = minMs): EventInit {
  return {
    case: "watchEnd",
    value: { reason, mayResume, minDelay: durationFromMs(minMs), maxDelay: durationFromMs(maxMs) },
  };
}

function serverEnds({ fake }: Harness, event: EventInit): void {
  fake.watch().send(event);
  fake.watch().close();
}

/** Nothing is left: no timer, no open stream. */
async function expectQuiet({ time, fake }: Harness): Promise<void> {
  await time.settle();
  expect(time.pending()).toEqual([]);
  expect(fake.watches.every((watch) => watch.isClosed())).toBe(true);
}

const lastState = (harness: Harness): string | undefined => harness.states().at(-1);

describe("connect", () => {
  it("logs in, opens the Watch, and resolves when the snapshot is complete", async () => {
    const harness = createHarness();
    harness.fake.autoOpen = false;
    let connected = false;
    const connecting = harness.client.connect({ customStatus: { text: "hi", ttlMs: 5_000 } }).then(() => {
      connected = true;
    });
    await harness.time.settle();
    expect(harness.client.connectionState).toBe("CONNECTING");
    harness.fake.watch().send({ case: "hello", value: { epoch: "E1" } });
    await harness.time.settle();
    expect(lastState(harness)).toBe("CONNECTED/LOGIN_SUCCEEDED");
    expect(connected).toBe(false);
    harness.fake
      .watch()
      .send({ case: "status", value: { userId: "bob", revision: 1n } }, { case: "snapshotEnd", value: {} });
    await connecting;
    expect(harness.client.statuses.get("bob")?.revision).toBe(1n);
    expect(harness.fake.calls.map((call) => call.name)).toEqual(["getServerInfo", "login", "watch"]);
    expect(harness.fake.calls[1]?.request).toMatchObject({
      deviceId: "d1",
      customStatus: { text: "hi", ttl: { seconds: 5n } },
    });
    expect(harness.fake.calls.every((call) => call.token === "t1")).toBe(true);
    expect(harness.client.ownStatus).toBe("online");
  });

  it("fails with the refusal, and can be tried again", async () => {
    const harness = createHarness();
    harness.fake.script({ login: () => Promise.reject(refusal("WRONG_ROLE")) });
    await expect(harness.client.connect()).rejects.toMatchObject({ reason: "WRONG_ROLE", code: Code.PermissionDenied });
    expect(harness.states()).toEqual(["CONNECTING/LOGIN_CALLED", "DISCONNECTED/LOGIN_FAILED"]);
    expect(harness.client.ownStatus).toBe("offline");
    await expect(harness.client.query(["bob"])).rejects.toMatchObject({ reason: "NOT_CONNECTED" });
    await expectQuiet(harness);
    harness.fake.script({ login: () => ({ sessionId: "S2", epoch: "E1" }) });
    await harness.client.connect();
    expect(harness.client.sessionId).toBe("S2");
  });

  it("logs out again when the Watch is refused", async () => {
    const harness = createHarness();
    harness.fake.script({
      watch: async function* () {
        yield await Promise.reject(refusal("INTERNAL"));
      },
    });
    await expect(harness.client.connect()).rejects.toMatchObject({ reason: "INTERNAL" });
    await expectQuiet(harness);
    expect(harness.fake.count("logout")).toBe(1);
    expect(lastState(harness)).toBe("DISCONNECTED/LOGIN_FAILED");
  });

  it("times out", async () => {
    const harness = createHarness({ loginTimeoutMs: 4_000 });
    harness.fake.autoOpen = false;
    const failed = expect(harness.client.connect()).rejects.toMatchObject({ reason: "TIMED_OUT" });
    await harness.time.advance(4_000);
    await failed;
    expect(lastState(harness)).toBe("DISCONNECTED/LOGIN_TIMED_OUT");
    await expectQuiet(harness);
  });

  it.each(["login", "watch"])("is given up by its signal during %s, and leaves nothing behind", async (stage) => {
    const harness = createHarness();
    harness.fake.autoOpen = false;
    if (stage === "login") harness.fake.script({ login: () => new Promise(() => {}) });
    const abort = new AbortController();
    const failed = expect(harness.client.connect({ signal: abort.signal })).rejects.toMatchObject({
      reason: "ABORTED",
    });
    await harness.time.settle();
    abort.abort();
    await failed;
    expect(lastState(harness)).toBe("DISCONNECTED/LOGIN_ABORTED");
    await expectQuiet(harness);
  });

  it("is refused while there is a connection, and does nothing for a signal that has fired", async () => {
    const harness = await connectedHarness();
    await expect(harness.client.connect()).rejects.toMatchObject({ reason: "ALREADY_CONNECTED" });
    await harness.client.disconnect();
    const { length } = harness.fake.calls;
    await expect(harness.client.connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: "ABORTED" });
    await expectQuiet(harness);
    expect(harness.fake.calls).toHaveLength(length);
  });

  it("does not spoil the client when a listener throws", async () => {
    const harness = createHarness();
    harness.client.on("connectionStateChanged", () => {
      throw new Error("my fault");
    });
    harness.client.on("error", () => {
      throw new Error("mine too");
    });
    await harness.client.connect();
    expect(harness.seen.error[0]).toMatchObject({ reason: "LISTENER_FAILED", cause: { message: "my fault" } });
    expect(harness.client.connectionState).toBe("CONNECTED");
  });
});

describe("disconnect and close", () => {
  it("logs out first, then closes the stream, and leaves nothing behind", async () => {
    const harness = await connectedHarness();
    let streamWasOpen = false;
    harness.fake.script({
      logout: () => {
        streamWasOpen = !harness.fake.watch().isClosed();
        serverEnds(harness, end(WatchEndReason.LOGGED_OUT, false));
        return { epoch: "E1", self: {} };
      },
    });
    await Promise.all([harness.client.disconnect(), harness.client.disconnect()]);
    expect(streamWasOpen).toBe(true);
    expect(harness.fake.count("logout")).toBe(1);
    expect(harness.states().slice(2)).toEqual(["DISCONNECTED/LOGGED_OUT"]);
    expect(harness.client.ownStatus).toBe("logged-out");
    await expectQuiet(harness);
    await harness.client.disconnect();
  });

  it("disconnects even if the server can't be told, and says so", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ logout: () => Promise.reject(new ConnectError("gone", Code.Unavailable)) });
    await expect(harness.client.disconnect()).rejects.toMatchObject({ reason: "UNREACHABLE" });
    expect(lastState(harness)).toBe("DISCONNECTED/LOGOUT_FAILED");
    expect(harness.client.ownStatus).toBe("offline");
    await expectQuiet(harness);
  });

  it("takes a session that is over for logged out", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ logout: () => Promise.reject(refusal("SESSION_ENDED", { end_reason: "KICKED" })) });
    await harness.client.disconnect();
    expect(lastState(harness)).toBe("DISCONNECTED/LOGGED_OUT");
  });

  it("ends a connect that is under way, and the session that it made", async () => {
    const harness = createHarness();
    harness.fake.autoOpen = false;
    const failed = expect(harness.client.connect()).rejects.toMatchObject({ reason: "ABORTED" });
    await harness.time.settle();
    await harness.client.disconnect();
    await failed;
    expect(harness.fake.count("logout")).toBe(1);
    expect(lastState(harness)).toBe("DISCONNECTED/LOGIN_ABORTED");
    await expectQuiet(harness);
  });

  it("ends the waiting between two tries", async () => {
    const harness = await connectedHarness();
    harness.fake.watch().close(new ConnectError("cut", Code.Aborted));
    await harness.time.settle();
    expect(harness.client.connectionState).toBe("RECONNECTING");
    await harness.client.disconnect();
    await expectQuiet(harness);
    expect(harness.fake.watches).toHaveLength(1);
  });

  it("waits for a login that is under way, and ends that session too", async () => {
    const harness = await connectedHarness();
    let answer = (): void => {};
    harness.fake.script({
      login: () =>
        new Promise((resolve) => {
          answer = () => resolve({ sessionId: "S2", epoch: "E1" });
        }),
    });
    harness.fake.watch().close(refusal("SESSION_NOT_FOUND"));
    await harness.time.advance(500);
    const leaving = harness.client.disconnect();
    await harness.time.settle();
    answer();
    await leaving;
    expect(harness.fake.calls.at(-1)).toMatchObject({ name: "logout", request: { sessionId: "S2" } });
    expect(harness.fake.watches).toHaveLength(1);
    await expectQuiet(harness);
  });

  it("close leaves without a logout", async () => {
    const harness = await connectedHarness();
    await harness.client.close();
    await expectQuiet(harness);
    expect(harness.fake.count("logout")).toBe(0);
    expect(lastState(harness)).toBe("DISCONNECTED/CLOSED");
  });

  it("may be called by a listener of the state", async () => {
    const harness = createHarness();
    harness.client.on("connectionStateChanged", ({ state }) => {
      if (state === "CONNECTED") void harness.client.disconnect();
    });
    await expect(harness.client.connect()).rejects.toMatchObject({ reason: "ABORTED" });
    await expectQuiet(harness);
    expect(lastState(harness)).toBe("DISCONNECTED/LOGGED_OUT");
  });
});

describe("client-watchdog", () => {
  it("gives up a stream that is silent for 2.5 keep-alive intervals, and resumes from the last cursor", async () => {
    const harness = await connectedHarness();
    await harness.time.advance(20_000);
    harness.fake.watch().send({ case: "progress", value: { cursor: new Uint8Array([7]) } });
    await harness.time.advance(24_999);
    expect(harness.client.connectionState).toBe("CONNECTED");
    await harness.time.advance(1);
    expect(lastState(harness)).toBe("RECONNECTING/LINK_LOST");
    expect(harness.fake.watch().isClosed()).toBe(true);
    harness.fake.autoOpen = false;
    await harness.time.advance(500);
    expect(harness.fake.watches).toHaveLength(2);
    expect(harness.fake.watch().cursor).toEqual(new Uint8Array([7]));
    harness.fake.watch().open({ resumed: true });
    await harness.time.settle();
    expect(lastState(harness)).toBe("CONNECTED/RECONNECTED");
    expect(harness.fake.count("login")).toBe(1);
  });

  it("says so before it comes back, so that a dead connection can be let go; a fault in there does no harm", async () => {
    const calls: number[] = [];
    const harness: Harness = await connectedHarness({
      onSilence: () => {
        calls.push(harness.fake.watches.length);
        throw new Error("my fault");
      },
    });
    harness.fake.watch().close();
    await harness.time.advance(500);
    expect(harness.fake.watches).toHaveLength(2);
    await harness.time.advance(25_000);
    await harness.time.advance(1_000);
    expect(calls).toEqual([2]);
    expect(harness.fake.watches).toHaveLength(3);
    expect(harness.seen.error.at(-1)).toMatchObject({ reason: "LISTENER_FAILED", cause: { message: "my fault" } });
  });

  it("gives up a stream that never says hello", async () => {
    const harness = await connectedHarness();
    harness.fake.autoOpen = false;
    harness.fake.watch().close();
    await harness.time.advance(500);
    expect(harness.fake.watches).toHaveLength(2);
    await harness.time.advance(25_000);
    expect(harness.fake.watches[1]?.isClosed()).toBe(true);
  });
});

describe("client-backoff", () => {
  it("doubles the waits of streams that do not last, and starts anew after one that did", async () => {
    const harness = await connectedHarness({ backoff: { baseMs: 100, maxMs: 400, stableMs: 20_000 } });
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      harness.fake.watch().close(new ConnectError("cut", Code.Aborted));
      await harness.time.settle();
      waits.push(Math.round(harness.time.pending()[0] ?? -1));
      await harness.time.advance(waits[round] ?? 0);
      expect(harness.client.connectionState).toBe("CONNECTED");
    }
    expect(waits).toEqual([100, 200, 400, 400]);
    await harness.time.advance(20_000);
    harness.fake.watch().close(new ConnectError("cut", Code.Aborted));
    await harness.time.settle();
    expect(Math.round(harness.time.pending()[0] ?? -1)).toBe(100);
    expect(harness.seen.error.map((error) => error.reason)).toEqual(Array(5).fill("UNREACHABLE"));
  });
});

describe("client-resume-advice", () => {
  it("comes back within the delays that the server gave", async () => {
    const harness = await connectedHarness({ random: () => 0.5 });
    serverEnds(harness, end(WatchEndReason.DRAIN, true, 2_000, 4_000));
    await harness.time.settle();
    expect(lastState(harness)).toBe("RECONNECTING/SERVER_DRAINING");
    await harness.time.advance(2_999);
    expect(harness.fake.watches).toHaveLength(1);
    await harness.time.advance(1);
    expect(harness.fake.watches).toHaveLength(2);
    expect(lastState(harness)).toBe("CONNECTED/RECONNECTED");
    expect(harness.fake.count("login")).toBe(1);
  });

  it("takes a new snapshot after RESYNC", async () => {
    const harness = await connectedHarness();
    serverEnds(harness, end(WatchEndReason.RESYNC, true));
    await harness.time.advance(500);
    expect(harness.fake.watches).toHaveLength(2);
    expect(harness.fake.watch().cursor).toEqual(new Uint8Array());
  });

  it("does not come back after a kick, and tells it", async () => {
    const harness = await connectedHarness();
    serverEnds(harness, end(WatchEndReason.KICKED, false));
    await expectQuiet(harness);
    expect(lastState(harness)).toBe("DISCONNECTED/KICKED_OUT");
    expect(harness.seen.kickedOut).toEqual([{ sessionId: "S1" }]);
    expect(harness.client.ownStatus).toBe("logged-out");
    await harness.time.advance(600_000);
    expect(harness.fake.watches).toHaveLength(1);
    expect(harness.fake.count("login")).toBe(1);
    await expect(harness.client.setCustomStatus("x")).rejects.toMatchObject({ reason: "NOT_CONNECTED" });
  });

  it("closes a stream that stays open after its watch_end", async () => {
    const harness = await connectedHarness();
    harness.fake
      .watch()
      .send(end(WatchEndReason.REPLACED, false), { case: "status", value: { userId: "late", revision: 1n } });
    await harness.time.advance(1_000);
    await expectQuiet(harness);
    expect(lastState(harness)).toBe("DISCONNECTED/REPLACED");
    expect(harness.client.statuses.has("late")).toBe(false);
  });
});

describe("a session that is over", () => {
  it("logs in anew when the Watch finds it decayed", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ login: () => ({ sessionId: "S2", epoch: "E1" }) });
    harness.fake.watch().close(refusal("SESSION_ENDED", { end_reason: "DECAYED" }));
    await harness.time.advance(500);
    expect(harness.states().slice(2)).toEqual(["RECONNECTING/SESSION_GONE", "CONNECTED/RECONNECTED"]);
    expect(harness.fake.watch().sessionId).toBe("S2");
  });

  it("logs in without the custom status of the first login: it may have been changed since", async () => {
    const harness = createHarness();
    await harness.client.connect({ customStatus: { text: "first" } });
    harness.fake.watch().close(refusal("SESSION_NOT_FOUND"));
    await harness.time.advance(500);
    const logins = harness.fake.calls.filter((call) => call.name === "login").map((call) => call.request);
    expect(logins.map((login) => (login as { customStatus?: { text: string } }).customStatus?.text)).toEqual([
      "first",
      undefined,
    ]);
  });

  it("stays away when somebody ended it", async () => {
    const harness = await connectedHarness();
    harness.fake.watch().close(refusal("SESSION_ENDED", { end_reason: "ADMIN" }));
    await expectQuiet(harness);
    expect(lastState(harness)).toBe("DISCONNECTED/KICKED_OUT");
    expect(harness.fake.count("login")).toBe(1);
  });

  it("keeps trying while the login fails for want of a server", async () => {
    const harness = await connectedHarness();
    let tries = 0;
    harness.fake.script({
      login: () => {
        tries += 1;
        if (tries < 3) throw new ConnectError("down", Code.Unavailable);
        return { sessionId: "S2", epoch: "E1" };
      },
    });
    harness.fake.watch().close(refusal("SESSION_NOT_FOUND"));
    await harness.time.advance(10_000);
    expect(tries).toBe(3);
    expect(lastState(harness)).toBe("CONNECTED/RECONNECTED");
  });
});

describe("client-unknown and broken streams", () => {
  it("ignores events that it does not know, also before the hello", async () => {
    const harness = createHarness();
    harness.fake.autoOpen = false;
    const connecting = harness.client.connect();
    await harness.time.settle();
    harness.fake.watch().send({ case: undefined });
    harness.fake.watch().open();
    await connecting;
    expect(harness.client.connectionState).toBe("CONNECTED");
  });

  it("drops a malformed cursor and takes a snapshot", async () => {
    const harness = await connectedHarness();
    harness.fake.watch().close(refusal("MALFORMED_CURSOR"));
    await harness.time.advance(500);
    expect(harness.fake.watch().cursor).toEqual(new Uint8Array());
    expect(harness.client.connectionState).toBe("CONNECTED");
  });

  it("gives up a stream that does not begin with hello", async () => {
    const harness = await connectedHarness();
    harness.fake.autoOpen = false;
    harness.fake.watch().close();
    await harness.time.advance(500);
    harness.fake.watch().send({ case: "status", value: { userId: "bob", revision: 1n } });
    await harness.time.settle();
    expect(harness.seen.error.at(-1)).toMatchObject({ reason: "BAD_ANSWER" });
    expect(harness.client.statuses.size).toBe(0);
    expect(harness.client.connectionState).toBe("RECONNECTING");
  });

  it("keeps the older cursor until a snapshot is complete", async () => {
    const harness = await connectedHarness();
    harness.fake.autoOpen = false;
    harness.fake.watch().close();
    await harness.time.advance(500);
    harness.fake
      .watch()
      .send({ case: "hello", value: { epoch: "E1" } }, { case: "progress", value: { cursor: new Uint8Array([9]) } });
    await harness.time.settle();
    harness.fake.watch().close();
    await harness.time.advance(1_000);
    expect(harness.fake.watches).toHaveLength(3);
    expect(harness.fake.watch().cursor).toEqual(new TextEncoder().encode("c1"));
  });
});
