// The way between the client and the scripted server: a TCP relay whose open connections can be cut or fall dead, while new
// ones are as good as any, or are refused.
import * as net from "node:net";

export interface Link {
  readonly url: string;
  /** Connections that were taken so far. */
  readonly connections: () => number;
  /** Breaks every open connection. */
  readonly cut: () => void;
  /** From now on nothing passes over the connections that are open, which stay open for ever; new ones are good. */
  readonly deaden: () => void;
  /** Cuts, and closes new connections at once until `mend`. They are counted all the same. */
  readonly cutOff: () => void;
  readonly mend: () => void;
  readonly close: () => Promise<void>;
}

/** Listens on a free port of loopback. */
export async function openLink(port: number): Promise<Link> {
  const sockets = new Set<net.Socket>();
  const dead = new Set<net.Socket>();
  let refusing = false;
  let count = 0;

  const join = (from: net.Socket, to: net.Socket): void => {
    sockets.add(from);
    from.setNoDelay(true);
    from.on("error", () => {});
    from.on("close", () => {
      sockets.delete(from);
      // Over a dead connection not even its end passes.
      if (!dead.has(from)) to.destroy();
    });
    from.pipe(to);
  };
  const listener = net.createServer((client) => {
    count += 1;
    if (refusing) return void client.resetAndDestroy();
    const server = net.connect(port, "127.0.0.1");
    join(client, server);
    join(server, client);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(listener.address() as net.AddressInfo).port}`,
    connections: () => count,
    cut,
    deaden: () => {
      for (const socket of sockets) {
        dead.add(socket);
        // Read and dropped, so that neither end notices by a full buffer.
        socket.unpipe().resume();
      }
    },
    cutOff: () => {
      refusing = true;
      cut();
    },
    mend: () => {
      refusing = false;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
