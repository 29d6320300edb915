// One command after the other, answered as each is done: those that take long hold up no other.
import { Code, type Transport } from "@connectrpc/connect";
import { Platform } from "@userstatus/protocol";
import type { BackoffOptions, UserStatusClient } from "../index.ts";
import { createUserStatusClient, UserStatusError } from "../index.ts";
import { beliefOf } from "./belief.ts";

/** A transport, and its connections. */
export interface Way {
  readonly transport: Transport;
  /** Lets go of the connections; the next call opens another one. */
  readonly renew: () => void;
  readonly close: () => void;
}

export interface DriverOptions {
  /** Name of the client, for reports. */
  readonly name: string;
  /** Wire protocols that it speaks here. */
  readonly protocols: readonly string[];
  readonly openWay: (url: string, protocol: string) => Way;
  /** Writes an answer or an event. */
  readonly write: (line: object) => void;
}

export interface Driver {
  /** Takes one line. */
  readonly take: (text: string) => void;
  readonly close: () => Promise<void>;
}

interface Command {
  readonly id: number;
  readonly op: string;
  readonly url?: string;
  readonly protocol?: string;
  readonly token?: string;
  readonly device?: string;
  readonly backoff?: BackoffOptions;
  readonly users?: readonly string[];
  readonly text?: string;
}

/** Knows neither Node nor browser. */
export function createDriver({ name, protocols, openWay, write }: DriverOptions): Driver {
  let client: UserStatusClient | undefined;
  let way: Way | undefined;

  function open({ url = "", protocol = "connect", token = "", device = "", backoff }: Command): void {
    way = openWay(url, protocol);
    client = createUserStatusClient({
      transport: way.transport,
      token,
      deviceId: device,
      platform: Platform.LINUX,
      onSilence: way.renew,
      ...(backoff === undefined ? {} : { backoff }),
    });
    client.on("connectionStateChanged", ({ state, event }) => write({ event: "connection", state, cause: event }));
  }

  function opened(): UserStatusClient {
    if (client === undefined) throw new Error("open comes first");
    return client;
  }

  async function close(): Promise<void> {
    await client?.close();
    way?.close();
  }

  async function run(command: Command): Promise<object> {
    const { users = [], text = "" } = command;
    switch (command.op) {
      case "hello":
        return { contract: 1, client: name, protocols, ops: ["unsubscribe", "query", "setText"] };
      case "open":
        open(command);
        return {};
      case "login":
        await opened().connect();
        return {};
      case "subscribe":
        return failedOf(await opened().subscribe(users));
      case "unsubscribe":
        return failedOf(await opened().unsubscribe(users));
      case "query":
        return failedOf(await opened().query(users));
      case "setText":
        await opened().setCustomStatus(text);
        return {};
      case "state":
        return beliefOf(opened());
      case "logout":
        await opened().disconnect();
        return {};
      case "close":
        await close();
        return {};
      default:
        throw new Error(`no command ${command.op}`);
    }
  }

  return {
    take: (text) => {
      const command = JSON.parse(text) as Command;
      run(command).then(
        (ok) => write({ id: command.id, ok }),
        (error: unknown) => write({ id: command.id, error: errorOf(error) }),
      );
    },
    close,
  };
}

function failedOf(outcomes: readonly { readonly userId: string; readonly ok: boolean }[]): object {
  return { failed: outcomes.filter(({ ok }) => !ok).map(({ userId }) => userId) };
}

function errorOf(error: unknown): object {
  if (error instanceof UserStatusError) return { code: Code[error.code], reason: error.reason, message: error.message };
  return { code: "Unknown", message: error instanceof Error ? error.message : String(error) };
}
