// A way between two processes that can be led elsewhere, cut, or made to swallow everything, as a network does.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface TcpRelay {
  readonly port: number;
  /** From now on to this port; what is open is cut. */
  readonly lead: (port: number) => void;
  /** Nothing passes in either direction, and nothing ends; `mend` cuts what was open then. */
  readonly swallow: () => void;
  readonly mend: () => void;
  readonly close: () => void;
}

/** `host`: where it listens. It leads to a port of the loopback. */
export async function openTcpRelay(to: number, host = "127.0.0.1"): Promise<TcpRelay> {
  let target = to;
  let swallows = false;
  const open = new Set<Socket>();
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: "127.0.0.1", noDelay: true });
    for (const [from, onward] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on("data", (chunk) => {
        if (!swallows) onward.write(chunk);
      });
      from.on("error", () => {});
      from.on("close", () => {
        open.delete(from);
        if (!swallows) onward.destroy();
      });
    }
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    lead: (port) => {
      target = port;
      cut();
    },
    swallow: () => {
      swallows = true;
    },
    mend: () => {
      swallows = false;
      cut();
    },
    close: () => {
      server.close();
      cut();
    },
  };
}
