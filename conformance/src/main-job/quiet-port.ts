// Ports that stay free while a server is away for a moment.
import { createServer } from "node:net";

/** Below the range from which systems take ports for outgoing connections: one of those could take the place of a server that restarts. */
const firstPort = 20_000;
const portCount = 12_000;
const triesMax = 50;

/** A free port of 127.0.0.1. `random`: from 0 to 1. */
export async function quietPort(random: () => number = Math.random): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = firstPort + Math.floor(random() * portCount);
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
