// Unary calls of one virtual user over its own connection of gRPC. A refusal is counted, and thrown with its reason.
import { Counter } from "k6/metrics";
import { Client, StatusOK } from "k6/net/grpc";
import { plan, type User } from "./plan.ts";

/** Calls that were refused or not answered, connections that did not come about, answers that were not whole. */
export const refused = new Counter("userstatus_refused");

const service = "userstatus.v1.UserStatusService";
const timeout = "30s";

export interface Session extends User {
  readonly sessionId: string;
}

export interface Calls {
  readonly client: Client;
  /** Blocks until there is a connection. Once there is one, does nothing until `close`. */
  readonly connect: () => void;
  readonly call: <Answer>(user: User, method: string, message: object) => Promise<Answer>;
  readonly login: (user: User, device?: string) => Promise<Session>;
  readonly close: () => void;
}

/** To be made in the init stage of a script. */
export function createCalls(): Calls {
  const client = new Client();
  client.loadProtoset(plan.protoset);
  const [, scheme, authority = ""] = /^(https?):\/\/([^/]+)/.exec(plan.url) ?? [];
  const plaintext = scheme === "http";
  const address = /:\d+$/.test(authority) ? authority : `${authority}:${plaintext ? 80 : 443}`;
  let connected = false;
  const call = async <Answer>(user: User, method: string, message: object): Promise<Answer> => {
    const answer = await client.asyncInvoke(`${service}/${method}`, message, {
      metadata: { authorization: `Bearer ${user.token}` },
      timeout,
      tags: { method },
    });
    if (answer.status === StatusOK) return answer.message as Answer;
    refused.add(1, { method });
    const why = (answer.error as { message?: string } | undefined)?.message ?? `status ${answer.status}`;
    throw new Error(`${method} of ${user.id} was refused: ${why}`);
  };
  return {
    client,
    connect: () => {
      if (connected) return;
      try {
        client.connect(address, { plaintext, timeout });
      } catch (error) {
        refused.add(1, { method: "connect" });
        throw error;
      }
      connected = true;
    },
    call,
    login: async (user, device = "k6") => {
      const login = { deviceId: device, platform: "PLATFORM_LINUX" };
      const { sessionId } = await call<{ sessionId: string }>(user, "Login", login);
      return { ...user, sessionId };
    },
    close: () => {
      connected = false;
      client.close();
    },
  };
}

/** What Subscribe is called with. */
export function subscribing(sessionId: string, userIds: readonly string[]): object {
  return { sessionId, userIds, ...(plan.ttl === undefined ? {} : { ttl: plan.ttl }) };
}

/** Slices of at most so many. */
export function slices<T>(all: readonly T[], max: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += max) parts.push(all.slice(at, at + max));
  return parts;
}
