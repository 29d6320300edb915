// Finds out how a server can be reached: GetServerInfo by every kind of transport.
import { createClient } from "@connectrpc/connect";
import { type GetServerInfoResponse, UserStatusService } from "@userstatus/protocol";
import { describeError, isConnectError } from "../bench/refusal.ts";
import { createTranscript } from "../transcript/transcript.ts";
import { createCaller } from "./caller.ts";
import { openConnection } from "./connection.ts";
import type { TransportKind } from "./kinds.ts";

export interface Probe {
  readonly kind: TransportKind;
  /** `answered`: with server info. `refused`: by an RPC error. `silent`: nothing that speaks this. */
  readonly result: "answered" | "refused" | "silent";
  readonly info?: GetServerInfoResponse;
  /** Why not. */
  readonly reason?: string;
  readonly rttMs: number;
}

/** Asks by all of these at once. Never rejects. */
export function probeAll(url: string, kinds: readonly TransportKind[], patienceMs: number): Promise<Probe[]> {
  return Promise.all(kinds.map((kind) => probe(url, kind, patienceMs)));
}

/** Asks once, on a connection of its own. Never rejects. */
export async function probe(url: string, kind: TransportKind, patienceMs: number): Promise<Probe> {
  const connection = openConnection(kind, url);
  const transcript = createTranscript({ entriesMax: 4 });
  const over = AbortSignal.timeout(patienceMs);
  const client = createClient(
    UserStatusService,
    createCaller(connection.transport, { who: "", token: null, transcript, patienceMs, over }),
  );
  const started = performance.now();
  try {
    const info = await client.getServerInfo({});
    return { kind, result: "answered", info, rttMs: performance.now() - started };
  } catch (error) {
    const reason = isConnectError(error)
      ? describeError(error)
      : error instanceof Error
        ? error.message
        : String(error);
    return { kind, result: isRefusal(error) ? "refused" : "silent", reason, rttMs: performance.now() - started };
  } finally {
    connection.close();
  }
}

/**
 * Whether an error was made by a server of the protocol asked for, and not by the network or by some other web
 * server.
 */
export function isRefusal(error: unknown): boolean {
  if (!isConnectError(error)) return false;
  // The RPC library makes these of HTTP answers that are no RPC answers, and of broken connections.
  const notRpc = /^HTTP \d+$|^unsupported content type|^missing trailer|^protocol error|Parse Error|HTTP\/2|stream/i;
  const noAnswer = /disconnect|ECONN|EPIPE|ENOTFOUND|socket hang up/i;
  return !notRpc.test(error.rawMessage) && !noAnswer.test(error.rawMessage) && error.cause === undefined;
}
