import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@userstatus/protocol/rpc";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EdgeServer, startEdgeServer } from "../../testing/edge-server.ts";

const user = "userstatus.v1.UserStatusService";

let server: EdgeServer;
beforeEach(async () => {
  server = await startEdgeServer();
});
afterEach(() => server.stop());

const client = () => createClient(Health, createGrpcTransport({ baseUrl: server.urls.url }));

test("Check knows the server and its services, and needs no token", async () => {
  expect((await client().check({})).status).toBe(Status.SERVING);
  expect((await client().check({ service: user })).status).toBe(Status.SERVING);
  const unknown = client().check({ service: "userstatus.admin.v1.AdminService" });
  await expect(unknown).rejects.toSatisfy((error: unknown) => ConnectError.from(error).code === Code.NotFound);
});

test("List tells all of them", async () => {
  const { statuses } = await client().list({});
  expect(Object.keys(statuses).sort()).toEqual(["", user]);
  expect(statuses[user]?.status).toBe(Status.SERVING);
});

test("Watch tells the state, its change at shutdown, and then ends", async () => {
  const known = client().watch({ service: user })[Symbol.asyncIterator]();
  const unknown = client().watch({ service: "nobody" })[Symbol.asyncIterator]();
  expect((await known.next()).value.status).toBe(Status.SERVING);
  expect((await unknown.next()).value.status).toBe(Status.SERVICE_UNKNOWN);
  const stopped = server.stop();
  expect((await known.next()).value.status).toBe(Status.NOT_SERVING);
  const unavailable = (error: unknown) => ConnectError.from(error).code === Code.Unavailable;
  await expect(known.next()).rejects.toSatisfy(unavailable);
  await expect(unknown.next()).rejects.toSatisfy(unavailable);
  await stopped;
});
