// Starts a server with the fake presence server behind it, configured by flags as from the command line.
import { loadConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { createLog } from "../edge/log.ts";
import { type RunningServer, startServer } from "../edge/server.ts";
import { createFakePresence, type FakePresence } from "./fake-presence.ts";

export interface EdgeServer extends RunningServer {
  readonly presence: FakePresence;
  /** What was logged, one JSON object each. */
  readonly logged: readonly Record<string, unknown>[];
}

/** The configuration that these flags give, without environment; `files` are the files that there are, by path. */
export function configOf(flags: readonly string[], files: Readonly<Record<string, string>> = {}): ServerConfig {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return text;
  };
  const loaded = loadConfig({ argv: flags, env: {}, readFile });
  if (loaded.action !== "run") throw new Error("these flags do not start a server");
  return loaded.config;
}

const testDefaults = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--drain-timeout", "300ms"];

/** On ports of the system's choice. */
export async function startEdgeServer(
  flags: readonly string[] = ["--dev"],
  files: Readonly<Record<string, string>> = {},
): Promise<EdgeServer> {
  const logged: Record<string, unknown>[] = [];
  const write = (line: string): void => void logged.push(JSON.parse(line) as Record<string, unknown>);
  let presence: FakePresence | undefined;
  const server = await startServer(configOf([...testDefaults, ...flags], files), {
    log: createLog({ level: "debug", pretty: false, write }),
    createPresence: (options) => {
      presence = createFakePresence(options);
      return presence;
    },
  });
  if (presence === undefined) throw new Error("the server did not ask for a presence server");
  return { ...server, presence, logged };
}
