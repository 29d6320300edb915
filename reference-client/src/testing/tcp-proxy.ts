// A TCP relay between a client and a server, so that tests can cut a link or make it silent.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A link that a test holds in its hands. */
export interface TcpProxy {
  readonly url: string;
  /** Breaks every connection. New ones are taken. */
  readonly cut: () => void;
  /** Breaks every connection, and refuses new ones until `restore`. */
  readonly cutOff: () => void;
  /** Takes new connections again. */
  readonly restore: () => void;
  readonly close: () => Promise<void>;
}

/** Relays to the server of an `http://host:port`. */
export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let refusing = false;

  function hold(socket: Socket, other: Socket): void {
    sockets.add(socket);
    // A side that breaks breaks the other; what it broke of is of no interest.
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  }

  const server = createServer((near) => {
    if (refusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(port), hostname);
    hold(near, far);
    hold(far, near);
    near.pipe(far).pipe(near);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    cutOff: () => {
      refusing = true;
      cut();
    },
    restore: () => {
      refusing = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
