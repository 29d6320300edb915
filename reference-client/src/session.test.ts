// Signs of life and tokens.
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { WatchEndReason } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { refusal } from "./testing/fake-service.ts";
import { connectedHarness, createHarness, type Harness } from "./testing/harness.ts";

/** Keep-alives, so that the watchdog sleeps while time goes on. */
async function advance({ time, fake }: Harness, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    fake.watch().send({ case: "progress", value: {} });
    await time.advance(Math.min(left, 10_000));
  }
}

/** A server whose clock goes with the test's and whose tokens end at fixed times, in milliseconds after the start. */
function tokenServer({ fake, time }: Harness, endsMs: Record<string, number>): void {
  const startMs = time.clock();
  const serverMs = 1_700_000_000_000;
  const answer = () => ({
    sessionId: "S1",
    epoch: "E1",
    heartbeatInterval: durationFromMs(30_000),
    serverTime: timestampFromMs(serverMs + time.clock() - startMs),
    tokenExpireTime: timestampFromMs(serverMs + (endsMs[fake.calls.at(-1)?.token ?? ""] ?? 0)),
  });
  const heartbeat = () => {
    const { serverTime, tokenExpireTime } = answer();
    return { serverTime, tokenExpireTime };
  };
  fake.script({ login: answer, heartbeat });
}

describe("client-heartbeat", () => {
  it("beats each heartbeat interval", async () => {
    const harness = await connectedHarness();
    await advance(harness, 29_999);
    expect(harness.fake.count("heartbeat")).toBe(0);
    await advance(harness, 1);
    expect(harness.fake.count("heartbeat")).toBe(1);
    await advance(harness, 60_000);
    expect(harness.fake.count("heartbeat")).toBe(3);
  });

  it("beats when the server asks, one at a time", async () => {
    const harness = await connectedHarness();
    let answer = (): void => {};
    harness.fake.script({
      heartbeat: () =>
        new Promise((resolve) => {
          answer = () => resolve({});
        }),
    });
    const asked = { case: "progress", value: { heartbeatRequested: true } } as const;
    harness.fake.watch().send(asked, asked);
    await harness.time.settle();
    expect(harness.fake.count("heartbeat")).toBe(1);
    answer();
    await harness.time.settle();
    harness.fake.watch().send(asked);
    await harness.time.settle();
    expect(harness.fake.count("heartbeat")).toBe(2);
  });

  it("tries a failed beat again before the interval is over, and tells the failure", async () => {
    const harness = await connectedHarness();
    harness.fake.script({ heartbeat: () => Promise.reject(new ConnectError("down", Code.Unavailable)) });
    await advance(harness, 30_000);
    await advance(harness, 7_500);
    expect(harness.fake.count("heartbeat")).toBe(2);
    expect(harness.seen.error.map((error) => error.reason)).toEqual(["UNREACHABLE", "UNREACHABLE"]);
  });

  it("goes on beating while the stream is down", async () => {
    const harness = await connectedHarness();
    harness.fake.autoOpen = false;
    harness.fake.watch().close();
    await harness.time.advance(30_000);
    expect(harness.client.connectionState).toBe("RECONNECTING");
    expect(harness.fake.count("heartbeat")).toBe(1);
  });

  it("logs in anew when a beat finds the session gone, and stops when it finds a kick", async () => {
    const harness = await connectedHarness();
    harness.fake.script({
      heartbeat: () => Promise.reject(refusal("SESSION_NOT_FOUND")),
      login: () => ({ sessionId: "S2", epoch: "E1" }),
    });
    await advance(harness, 30_000);
    await harness.time.advance(500);
    expect(harness.states().slice(2)).toEqual(["RECONNECTING/SESSION_GONE", "CONNECTED/RECONNECTED"]);
    harness.fake.script({ heartbeat: () => Promise.reject(refusal("SESSION_ENDED", { end_reason: "KICKED" })) });
    await advance(harness, 30_000);
    expect(harness.states().at(-1)).toBe("DISCONNECTED/KICKED_OUT");
    expect(harness.time.pending()).toEqual([]);
  });
});

describe("tokens", () => {
  /** A token function that counts. */
  function counting(): { token: () => Promise<string>; asked: () => number } {
    let asked = 0;
    return {
      token: async () => {
        asked += 1;
        return `t${asked}`;
      },
      asked: () => asked,
    };
  }

  it("gets a newer one a minute before the end, and tells the server with a heartbeat", async () => {
    const { token, asked } = counting();
    const harness = createHarness({ token });
    tokenServer(harness, { t1: 600_000, t2: 9_000_000 });
    await harness.client.connect();
    await advance(harness, 539_999);
    expect(asked()).toBe(1);
    await advance(harness, 1);
    expect(asked()).toBe(2);
    expect(harness.seen.tokenExpiring).toEqual([{ remainingMs: 60_000, renewing: true }]);
    expect(harness.fake.calls.at(-1)).toMatchObject({ name: "heartbeat", token: "t2" });
    expect(harness.fake.watches).toHaveLength(1);
    await advance(harness, 300_000);
    expect(asked()).toBe(2);
  });

  it("begins a fifth of its life before the end of one that lives shorter, whatever is told meanwhile", async () => {
    const { token, asked } = counting();
    const harness = createHarness({ token });
    tokenServer(harness, { t1: 100_000, t2: 9_000_000 });
    await harness.client.connect();
    await advance(harness, 79_999);
    expect(asked()).toBe(1);
    await advance(harness, 1);
    expect(asked()).toBe(2);
  });

  it("does not spin when the function gives the same token again", async () => {
    let asked = 0;
    const harness = createHarness({
      token: async () => {
        asked += 1;
        return "t1";
      },
    });
    tokenServer(harness, { t1: 100_000 });
    await harness.client.connect();
    await advance(harness, 99_000);
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThan(10);
  });

  it("tells the end of a fixed one once, and takes another from the app", async () => {
    const harness = createHarness({ token: "t1" });
    tokenServer(harness, { t1: 100_000, t2: 9_000_000 });
    await harness.client.connect();
    await advance(harness, 99_000);
    expect(harness.seen.tokenExpiring).toEqual([{ remainingMs: 20_000, renewing: false }]);
    await harness.client.renewToken("t2");
    expect(harness.fake.calls.at(-1)).toMatchObject({ name: "heartbeat", token: "t2" });
    await expect(harness.client.renewToken("no\nheader")).rejects.toMatchObject({ reason: "TOKEN_UNAVAILABLE" });
  });

  it("renews once when a call finds it expired, then tells the server", async () => {
    const { token, asked } = counting();
    const harness = await connectedHarness({ token });
    harness.fake.script({
      setCustomStatus: () => {
        if (harness.fake.calls.at(-1)?.token === "t1") throw refusal("TOKEN_EXPIRED");
        return { epoch: "E1", self: { status: { userId: "me", revision: 5n } } };
      },
    });
    await harness.client.setCustomStatus("x");
    await harness.time.settle();
    expect(asked()).toBe(2);
    expect(harness.fake.calls.slice(-3).map((call) => `${call.name} ${call.token}`)).toEqual([
      "setCustomStatus t1",
      "setCustomStatus t2",
      "heartbeat t2",
    ]);
  });

  it("comes back with a newer one when the stream ended with TOKEN_EXPIRED", async () => {
    const { token } = counting();
    const harness = await connectedHarness({ token });
    harness.fake.watch().send({ case: "watchEnd", value: { reason: WatchEndReason.TOKEN_EXPIRED, mayResume: true } });
    harness.fake.watch().close();
    await harness.time.advance(500);
    expect(harness.states().slice(2)).toEqual(["RECONNECTING/TOKEN_EXPIRED", "CONNECTED/RECONNECTED"]);
    expect(harness.fake.watch().token).toBe("t2");
  });

  it("stops with TOKEN_EXPIRED where the token is a fixed one", async () => {
    const harness = await connectedHarness();
    harness.fake.watch().send({ case: "watchEnd", value: { reason: WatchEndReason.TOKEN_EXPIRED, mayResume: true } });
    harness.fake.watch().close();
    await harness.time.settle();
    expect(harness.states().slice(2)).toEqual(["RECONNECTING/TOKEN_EXPIRED", "DISCONNECTED/TOKEN_EXPIRED"]);
    expect(harness.client.ownStatus).toBe("offline");
    expect(harness.time.pending()).toEqual([]);
  });

  it("keeps trying while the token function fails, and never spins", async () => {
    let works = true;
    let asked = 0;
    const token = async (): Promise<string> => {
      asked += 1;
      if (!works) throw new Error("issuer is down");
      return `t${asked}`;
    };
    const harness = await connectedHarness({ token });
    works = false;
    harness.fake.watch().close(refusal("TOKEN_EXPIRED"));
    await harness.time.advance(60_000);
    expect(harness.client.connectionState).toBe("RECONNECTING");
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(20);
    expect(harness.seen.error.at(-1)).toMatchObject({
      reason: "TOKEN_UNAVAILABLE",
      cause: { message: "issuer is down" },
    });
    works = true;
    await harness.time.advance(5_000);
    expect(harness.client.connectionState).toBe("CONNECTED");
    expect(harness.fake.watch().token).toBe(`t${asked}`);
  });

  it("stops when new tokens are refused again and again", async () => {
    const { token } = counting();
    const harness = await connectedHarness({ token });
    harness.fake.script({
      watch: async function* () {
        yield await Promise.reject(refusal("TOKEN_INVALID"));
      },
    });
    harness.fake.watch().close(refusal("TOKEN_INVALID"));
    await harness.time.advance(60_000);
    expect(harness.states().at(-1)).toBe("DISCONNECTED/TOKEN_EXPIRED");
    expect(harness.time.pending()).toEqual([]);
  });

  it("gives up a token function that never answers, with the call", async () => {
    const harness = createHarness({ token: () => new Promise(() => {}), callTimeoutMs: 3_000 });
    const failed = expect(harness.client.connect()).rejects.toMatchObject({ reason: "TIMED_OUT" });
    await harness.time.advance(3_000);
    await failed;
    expect(harness.time.pending()).toEqual([]);
  });
});
