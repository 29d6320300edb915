// Watchers on bare sockets: what arrives is counted, nothing is decoded.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createArrivals, type StreamGroup } from "../streams.ts";
import type { Wire } from "./wires.ts";

export interface SocketGroup {
  readonly arrivals: StreamGroup["arrivals"];
  /** Opens one more, and waits until it is subscribed. */
  readonly open: () => Promise<void>;
  readonly close: () => void;
}

export function createSocketGroup(wire: Wire, port: number): SocketGroup {
  const arrivals = createArrivals();
  const sockets: Socket[] = [];
  return {
    arrivals,
    open: async () => {
      const socket = await connected(port);
      sockets.push(socket);
      await new Promise<void>((resolve, reject) => {
        let received: Buffer | undefined = Buffer.alloc(0);
        socket.on("error", reject);
        socket.on("close", () => reject(new Error("a peer closed a connection before it was subscribed")));
        socket.on("data", (chunk: Buffer) => {
          if (received === undefined) return arrivals.add(chunk.length);
          received = Buffer.concat([received, chunk]);
          if (!wire.isReady(received)) return;
          received = undefined;
          resolve();
        });
        socket.write(wire.greeting(sockets.length));
      });
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Tries again until the peer listens. */
export async function connected(port: number, limitMs = 10_000): Promise<Socket> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      socket.destroy();
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
