// The suite's own TCP relay on loopback: it makes the faults of the way, so that no server has to offer them. TLS
// passes through untouched.
import * as net from "node:net";
import type { Dial } from "./connection.ts";

export interface Relay {
  /** Where clients connect to. */
  readonly dial: Dial;
  /** Closes every connection both ways; new ones are closed at once. */
  readonly cut: () => void;
  /** From now on nothing passes in either direction, not even the end of a connection; both ends stay open. */
  readonly silence: () => void;
  /** Stops reading from the server: its bytes pile up there. */
  readonly stall: () => void;
  readonly unstall: () => void;
  /** Ends all of it. */
  readonly close: () => void;
}

interface Pair {
  readonly client: net.Socket;
  readonly server: net.Socket;
}

/** Listens on a free port of 127.0.0.1 and connects each caller to `target`. */
export async function openRelay(target: Dial): Promise<Relay> {
  const pairs = new Set<Pair>();
  const state = { mode: "open" as "open" | "cut" | "silent", stalled: false };
  const listener = net.createServer((client) => {
    if (state.mode === "cut") return void client.destroy();
    const server = net.connect(target);
    const pair = { client, server };
    pairs.add(pair);
    join(pair, state, () => pairs.delete(pair));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", resolve);
  });
  const { port } = listener.address() as net.AddressInfo;
  const destroyAll = (): void => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
    pairs.clear();
  };
  return {
    dial: { host: "127.0.0.1", port },
    cut: () => {
      state.mode = "cut";
      destroyAll();
    },
    silence: () => {
      state.mode = "silent";
      // Read and dropped, so that neither end notices by a full buffer.
      for (const pair of pairs) resumeBoth(pair);
    },
    stall: () => {
      state.stalled = true;
      for (const { server } of pairs) server.pause();
    },
    unstall: () => {
      state.stalled = false;
      for (const { server } of pairs) server.resume();
    },
    close: () => {
      state.mode = "cut";
      listener.close();
      destroyAll();
    },
  };
}

function join(pair: Pair, state: { mode: string; stalled: boolean }, gone: () => void): void {
  const { client, server } = pair;
  client.setNoDelay(true);
  server.setNoDelay(true);
  const pass = (from: net.Socket, to: net.Socket): void => {
    from.on("data", (bytes) => {
      if (state.mode === "silent" || to.destroyed) return;
      if (to.write(bytes)) return;
      from.pause();
      to.once("drain", () => {
        if (from !== server || !state.stalled) from.resume();
      });
    });
    from.on("end", () => {
      if (state.mode !== "silent") to.end();
    });
    // A reset shows at the other side as a close.
    from.on("error", () => undefined);
    from.on("close", () => {
      if (state.mode === "silent") return;
      to.destroy();
      gone();
    });
  };
  pass(client, server);
  pass(server, client);
  if (state.stalled) server.pause();
}

function resumeBoth({ client, server }: Pair): void {
  client.resume();
  server.resume();
}
