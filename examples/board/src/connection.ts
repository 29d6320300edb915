// Keeps a client connected: from the login, which the client tries once, to the leaving.
import type { ConnectionEvent, ConnectionState, UserStatusClient, UserStatusError } from "@userstatus/client";

/** A person looks at the board: he should not wait for half a minute. */
export const backoff = { baseMs: 500, maxMs: 5_000 };

export interface Connection {
  readonly state: () => ConnectionState;
  readonly event: () => ConnectionEvent | undefined;
  /** Connects, and tries again while nobody answers. Does nothing while it is at it. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** The client makes one try to log in; a board goes on trying, for it may take over while the network is down. */
export function createConnection(
  client: UserStatusClient,
  told: {
    readonly onWait: (atMs: number | undefined) => void;
    readonly onConnected: () => void;
    readonly onRefused: (error: UserStatusError) => void;
  },
): Connection {
  let trying = false;
  let cancelWait = (): void => {};
  let event: ConnectionEvent | undefined;
  client.on("connectionStateChanged", (change) => {
    event = change.event;
  });

  async function keepTrying(): Promise<void> {
    for (let failures = 0; trying; failures += 1) {
      try {
        await client.connect();
        told.onConnected();
        return;
      } catch (thrown) {
        if (!trying) return;
        const error = thrown as UserStatusError;
        if (error.reason !== "UNREACHABLE" && error.reason !== "TIMED_OUT") {
          told.onRefused(error);
          return;
        }
      }
      const waitMs = Math.random() * Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(failures, 10));
      told.onWait(Date.now() + waitMs);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        cancelWait = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      told.onWait(undefined);
    }
  }

  return {
    state: () => (trying && client.connectionState === "DISCONNECTED" ? "RECONNECTING" : client.connectionState),
    event: () => event,
    start: () => {
      if (trying || client.connectionState !== "DISCONNECTED") return;
      trying = true;
      void keepTrying().finally(() => {
        trying = false;
        told.onWait(undefined);
      });
    },
    stop: () => {
      trying = false;
      cancelWait();
    },
  };
}
