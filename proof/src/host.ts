// Hosts a mutant or a variant in this process, on ports of the system's choice, and lets the suite judge it over the wire like any other server.
import { createLog, createPresenceServer, loadConfig, type RunningServer, startServer } from "@userstatus/server";
import type { PresenceSeams } from "@userstatus/server/seams";
import type { EdgeDefect } from "./edge.ts";

export interface HostOptions {
  readonly profile: string;
  readonly seams?: PresenceSeams;
  readonly edge?: EdgeDefect;
  /** A profile in ProtoJSON in place of the published one. */
  readonly profileJson?: string;
  /** Flags beside those of the development mode. */
  readonly flags?: readonly string[];
  /** How far its wall clock is off. */
  readonly wallOffsetMs?: number;
}

export interface Hosted {
  readonly url: string;
  readonly adminUrl: string;
  readonly testingUrl: string;
  readonly stop: () => Promise<void>;
}

/** Starts the server. */
export async function host(options: HostOptions): Promise<Hosted> {
  const ports = ["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--testing-listen=127.0.0.1:0"];
  const own = options.flags?.some((flag) => flag.startsWith("--keep-alive")) ? [] : ["--keep-alive=2s"];
  const { profileJson } = options;
  const profile = profileJson === undefined ? ["--profile", options.profile] : ["--profile-file", "profile.json"];
  const argv = [...own, "--dev", ...profile, "--log-level=error", ...ports, ...(options.flags ?? [])];
  const readFile = (path: string): string => profileJson ?? noFile(path);
  const loaded = loadConfig({ argv, env: {}, readFile });
  if (loaded.action !== "run") throw new Error("the flags do not start a server");
  const { seams, edge, wallOffsetMs = 0 } = options;
  const server: RunningServer = await startServer(loaded.config, {
    log: createLog({ level: "fatal", pretty: false, write: () => {} }),
    wallNow: () => Date.now() + wallOffsetMs,
    createPresence: (presence) => createPresenceServer(presence, seams),
    ...(edge?.authenticator ? { wrapAuthenticator: edge.authenticator } : {}),
    ...(edge?.handler ? { wrapHandler: edge.handler } : {}),
  });
  const { url, adminUrl = "", testingUrl = "" } = server.urls;
  return { url, adminUrl, testingUrl, stop: () => server.stop() };
}

function noFile(path: string): string {
  throw new Error(`no file ${path} here`);
}
