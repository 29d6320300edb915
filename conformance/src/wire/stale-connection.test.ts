import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { SyncResponseSchema, UserStatusService } from "@userstatus/protocol";
import { afterEach, expect, test } from "vitest";
import { openConnection } from "./connection.ts";
import { allKinds } from "./kinds.ts";

const h1 = allKinds.find(({ name }) => name === "connect-proto-h1");
if (h1 === undefined) throw new Error("no such kind");
const kind = h1;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Answers the calls whose numbers `resets` does not have; resets the connection at the others. */
async function serve(resets: readonly number[]) {
  const methods: string[] = [];
  const server = createServer((request, response) => {
    methods.push(request.url?.split("/").at(-1) ?? "");
    if (resets.includes(methods.length)) {
      request.socket.resetAndDestroy();
      return;
    }
    response.setHeader("content-type", "application/proto");
    response.end(toBinary(SyncResponseSchema, create(SyncResponseSchema)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connection = openConnection(kind, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closers.push(connection.close, () => server.close());
  return { client: createClient(UserStatusService, connection.transport), methods };
}

test("a call that may arrive twice is made again once when its connection was reset", async () => {
  const { client, methods } = await serve([2]);
  await client.sync({ sessionId: "s", marker: "a" });
  await client.sync({ sessionId: "s", marker: "b" });
  expect(methods).toEqual(["Sync", "Sync", "Sync"]);
});

test("a server that resets again and again is told of", async () => {
  const { client, methods } = await serve([1, 2, 3]);
  await expect(client.sync({ sessionId: "s", marker: "a" })).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect(methods).toHaveLength(2);
});

test("a call that changes something is not made again", async () => {
  const { client, methods } = await serve([1]);
  await expect(client.login({ deviceId: "d" })).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect(methods).toEqual(["Login"]);
});
