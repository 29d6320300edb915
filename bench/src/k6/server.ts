// The server under load: one that is there, or the reference server started for the run.
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { type GetServerInfoResponse, UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { startMeasured } from "../children.ts";
import { serverProgram } from "../subjects.ts";
import type { K6Options } from "./options.ts";
import { adminTokenOf, type RunUsers } from "./users.ts";

export interface Target {
  readonly url: string;
  readonly adminUrl: string | undefined;
  readonly info: GetServerInfoResponse;
  readonly stop: () => Promise<void>;
}

const timeoutMs = 10_000;
const registerMax = 1000;

/** Throws in words for people where nobody answers. */
export async function targetOf(options: K6Options): Promise<Target> {
  if (options.url !== undefined) {
    const info = await infoOf(options.url);
    return { url: options.url, adminUrl: options.adminUrl, info, stop: async () => {} };
  }
  const flags = ["--dev", "--log-level=silent", "--listen=127.0.0.1:0", "--admin-listen=off", "--testing-listen=off"];
  const process = await startMeasured([serverProgram(), ...flags]);
  const { url = "" } = process.hello;
  return { url, adminUrl: undefined, info: await infoOf(url), stop: process.stop };
}

async function infoOf(baseUrl: string): Promise<GetServerInfoResponse> {
  const ask = (transport: Transport): Promise<GetServerInfoResponse> =>
    createClient(UserStatusService, transport).getServerInfo({}, { timeoutMs });
  try {
    return await ask(createGrpcTransport({ baseUrl }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`no server of the protocol answers over gRPC at ${baseUrl}, which the streams of k6 need: ${why}`);
  }
}

export async function register({ adminUrl }: Target, options: K6Options, users: RunUsers): Promise<void> {
  const token = await adminTokenOf(options);
  if (adminUrl === undefined || token === undefined) return;
  const client = createClient(AdminService, createConnectTransport({ baseUrl: adminUrl, httpVersion: "1.1" }));
  const ids = [...users.watchers, ...users.targets, ...users.callers].map(({ id }) => id);
  for (let at = 0; at < ids.length; at += registerMax) {
    const headers = { authorization: `Bearer ${token}` };
    await client.registerUsers({ userIds: ids.slice(at, at + registerMax) }, { headers, timeoutMs });
  }
}
