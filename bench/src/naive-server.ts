// The peer to beat: the reference server with every frame of a Watch made for each watcher, through the async generator and the RPC library.
import { createLog, createPresenceServer, loadConfig, startServer } from "@userstatus/server";

const loaded = loadConfig({
  argv: process.argv.slice(2),
  env: {},
  readFile: () => {
    throw new Error("no files here");
  },
});
if (loaded.action !== "run") throw new Error("the flags do not start a server");
const server = await startServer(loaded.config, {
  log: createLog({ level: "fatal", pretty: false, write: () => {} }),
  // A seam that changes nothing: with one in place, frames do not go straight to the connection.
  createPresence: (options) => createPresenceServer(options, { user: (service) => service }),
});
process.stdout.write(`${JSON.stringify(server.urls)}\n`);
