// A TCP relay between client and server, which can cut every connection, or let it fall silent, and mend the way again.
import { createServer, connect as dial, type Socket } from "node:net";

export interface Relay {
  readonly url: string;
  /** Breaks off what is open; new connections are closed at once, until `mend`. */
  readonly cut: () => void;
  /** From now on nothing passes over what is open, which stays open for ever; new connections are as good as any. */
  readonly silence: () => void;
  readonly mend: () => void;
  readonly close: () => void;
}

/** Listens on a port of the system's choice on loopback. */
export async function openRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let whole = true;
  const listener = createServer((client) => {
    if (!whole) return void client.destroy();
    const server = dial({ host: hostname, port: Number(port) });
    join(client, server, sockets);
    join(server, client, sockets);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  const silence = (): void => {
    for (const socket of sockets) socket.unpipe().resume();
  };
  return {
    url: `http://127.0.0.1:${(listener.address() as { port: number }).port}`,
    cut,
    silence,
    mend: () => {
      whole = true;
    },
    close: () => {
      cut();
      listener.close();
    },
  };
}

function join(from: Socket, to: Socket, sockets: Set<Socket>): void {
  sockets.add(from);
  from.setNoDelay(true);
  from.on("error", () => {});
  from.on("close", () => {
    sockets.delete(from);
    to.destroy();
  });
  from.pipe(to);
}
