// What the client tells of its link and of rows, beside the table: what a page shows to a person.
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { connectedHarness } from "./testing/harness.ts";

it("tells how long it waits before each try, and whether the Watch resumed", async () => {
  const { client, fake, time, seen } = await connectedHarness({ backoff: { baseMs: 1_000, maxMs: 8_000 } });
  expect(seen.watchOpened).toEqual([{ resumed: false }]);
  fake.autoOpen = false;
  fake.watch().close(new ConnectError("cut", Code.Unavailable));
  await time.settle();
  expect(seen.retryScheduled).toMatchObject([{ failures: 1 }]);
  expect(seen.retryScheduled[0]?.delayMs).toBeCloseTo(1_000, 0);
  await time.advance(1_000);
  fake.watch().close(new ConnectError("cut", Code.Unavailable));
  await time.settle();
  expect(seen.retryScheduled[1]).toMatchObject({ failures: 2 });
  expect(seen.retryScheduled[1]?.delayMs).toBeCloseTo(2_000, 0);
  await time.advance(2_000);
  fake.watch().open({ resumed: true });
  await time.settle();
  expect(seen.watchOpened.slice(1)).toEqual([{ resumed: true }]);
  expect(client.connectionState).toBe("CONNECTED");
  await client.close();
});

it("announces no try to a listener that has closed the client", async () => {
  const { client, fake, time, seen } = await connectedHarness();
  client.on("connectionStateChanged", () => void client.close());
  fake.watch().close(new ConnectError("cut", Code.Unavailable));
  await time.settle();
  expect(client.connectionState).toBe("DISCONNECTED");
  expect(seen.retryScheduled).toEqual([]);
});

it("tells the server's clock of hello and keep-alives", async () => {
  const { client, fake, time, seen } = await connectedHarness();
  fake.watch().send({ case: "progress", value: { serverTime: timestampFromMs(5_000) } });
  fake.watch().send({ case: "progress", value: {} });
  await time.settle();
  expect(seen.serverTime).toEqual([{ serverTimeMs: 5_000 }]);
  await client.close();
});

it("tells rows that another device made or refreshed", async () => {
  const { client, fake, time, seen } = await connectedHarness();
  const row = { userId: "bob", generation: 3n, expireTime: timestampFromMs(60_000), refreshTime: timestampFromMs(0) };
  const longer = { ...row, expireTime: timestampFromMs(90_000), refreshTime: timestampFromMs(30_000) };
  fake.watch().send({ case: "subscribed", value: row });
  fake.watch().send({ case: "subscribed", value: longer });
  fake.watch().send({ case: "subscribed", value: longer });
  await time.settle();
  expect(seen.subscriptionChanged).toMatchObject([
    { subscription: row, previous: undefined },
    { subscription: longer, previous: row },
  ]);
  await client.close();
});

it("answers the server's request for a heartbeat though no timer ever fires", async () => {
  const { client, fake, time } = await connectedHarness();
  for (let minute = 1; minute <= 10; minute += 1) {
    fake.watch().send({ case: "progress", value: { heartbeatRequested: true } });
    await time.settle();
    expect(fake.count("heartbeat")).toBe(minute);
  }
  await client.close();
});
