// The server under load: one that is there, or the reference server started for the run.
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { type GetServerInfoResponse, Platform, UserStatusService } from "@userstatus/protocol";
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
    const info = await infoOf(options.url, options.insecure);
    return { url: options.url, adminUrl: options.adminUrl, info, stop: async () => {} };
  }
  const flags = ["--dev", "--log-level=silent", "--listen=127.0.0.1:0", "--admin-listen=off", "--testing-listen=off"];
  const profile = options.profile === undefined ? [] : [`--profile=${options.profile}`];
  const process = await startMeasured([serverProgram(), ...flags, ...profile]);
  const { url = "" } = process.hello;
  return { url, adminUrl: undefined, info: await infoOf(url, false), stop: process.stop };
}

function grpc(baseUrl: string, insecure: boolean): Transport {
  return createGrpcTransport({ baseUrl, ...(insecure ? { nodeOptions: { rejectUnauthorized: false } } : {}) });
}

async function infoOf(baseUrl: string, insecure: boolean): Promise<GetServerInfoResponse> {
  try {
    return await createClient(UserStatusService, grpc(baseUrl, insecure)).getServerInfo({}, { timeoutMs });
  } catch (error) {
    throw new Error(
      `no server of the protocol answers over gRPC, which k6 needs for streams, at ${baseUrl}: ${ConnectError.from(error).message}`,
    );
  }
}

/** One user logs in and out, so that a token that is not taken is told in one line before anything begins. */
export async function tryOne({ url }: Target, { insecure }: K6Options, users: RunUsers): Promise<void> {
  const [user] = [...users.callers, ...users.targets];
  if (!user) return;
  const client = createClient(UserStatusService, grpc(url, insecure));
  const headers = { authorization: `Bearer ${user.token}` };
  try {
    const login = { deviceId: "k6-try", platform: Platform.LINUX };
    const { sessionId } = await client.login(login, { headers, timeoutMs });
    await client.logout({ sessionId }, { headers, timeoutMs });
  } catch (error) {
    throw new Error(`${user.id} can't log in at ${url}: ${ConnectError.from(error).message}`);
  }
}

export async function register({ adminUrl }: Target, options: K6Options, users: RunUsers): Promise<void> {
  if (adminUrl === undefined) return;
  const token = await adminTokenOf(options);
  if (token === undefined) throw new Error("--admin-url: there is no way to get a token of the role admin");
  const client = createClient(AdminService, createConnectTransport({ baseUrl: adminUrl, httpVersion: "1.1" }));
  const ids = [...users.watchers, ...users.targets, ...users.callers, ...users.comers].map(({ id }) => id);
  const headers = { authorization: `Bearer ${token}` };
  try {
    for (let at = 0; at < ids.length; at += registerMax)
      await client.registerUsers({ userIds: ids.slice(at, at + registerMax) }, { headers, timeoutMs });
  } catch (error) {
    throw new Error(`can't register users at ${adminUrl}: ${ConnectError.from(error).message}`);
  }
}
