// People beside those in the browser: clients of this process.
import { createConnectTransport } from "@connectrpc/connect-web";
import { createUserStatusClient, type UserStatusClient } from "@userstatus/client";
import type { Platform } from "@userstatus/protocol";
import { appId } from "../src/identity.ts";

/** Logs somebody in. */
export async function logInColleague(
  baseUrl: string,
  userId: string,
  platform: Platform,
  text = "",
  ttlMs?: number,
): Promise<UserStatusClient> {
  const client = createUserStatusClient({
    transport: createConnectTransport({ baseUrl }),
    token: `dev:${appId}:${userId}`,
    deviceId: `colleague-${platform}`,
    platform,
  });
  await client.connect(text === "" ? {} : { customStatus: { text, ttlMs } });
  return client;
}
