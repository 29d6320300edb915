// A running server: the presence server behind its listeners, how it comes up and how it goes down.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Health } from "@userstatus/protocol/rpc";
import type { ServerConfig } from "../config/server-config.ts";
import { type Address, hostInUrl } from "../config/values.ts";
import {
  createPresenceServer,
  type PresenceData,
  type PresenceServer,
  type PresenceServerOptions,
  type SharedStore,
} from "../presence-server.ts";
import { refusal } from "../rpc/refuse.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import { createAuthenticator } from "./auth/create.ts";
import { createAuthGate } from "./auth/gate.ts";
import { bindTo } from "./bind.ts";
import { createCallObserver } from "./calls.ts";
import { defaultConnectionLimits } from "./connection-limits.ts";
import { createListenerHandler } from "./listener.ts";
import type { Log } from "./log.ts";
import { createMetrics, createMetricsServer, type Metrics } from "./metrics.ts";
import { createOnePort, type EdgeHandler, type OnePort } from "./one-port.ts";
import { claimsOf, type PlannedListener, planListeners, type Role, serviceOf } from "./plan.ts";
import { createHealthRoutes, createHealthState, type HealthState } from "./standard/health.ts";
import { createReflectionRoutes } from "./standard/reflection.ts";
import { serverVersion } from "./version.ts";

export interface StartDeps {
  readonly log: Log;
  /** Wall clock in milliseconds since 1970. Default: the system's. */
  readonly wallNow?: () => number;
  /** Default: the real one. */
  readonly createPresence?: (options: PresenceServerOptions) => PresenceServer;
  /** Seams for tests: stand between the edge and its parts. Default: nothing does. */
  readonly wrapAuthenticator?: (authenticator: Authenticator) => Authenticator;
  readonly wrapHandler?: (handler: EdgeHandler) => EdgeHandler;
}

/** Where the listeners are reached; absent: off. */
export interface ServerUrls {
  readonly url: string;
  readonly adminUrl?: string;
  readonly testingUrl?: string;
  readonly metricsUrl?: string;
}

export interface RunningServer {
  readonly urls: ServerUrls;
  /** Ends Watches with DRAIN, then everything else, by force after the configured time. Once done, again does nothing. */
  readonly stop: () => Promise<void>;
}

const retryAfterDrainMs = 1_000;
/** How long at least what waits may take to be kept. */
const closeMinMs = 5_000;

/** Starts listening on everything that is configured; rejects with a StartError and leaves nothing open where that fails. */
export async function startServer(config: ServerConfig, deps: StartDeps): Promise<RunningServer> {
  const { log, wallNow = Date.now, createPresence = createPresenceServer } = deps;
  const health = createHealthState();
  const shutdown = new AbortController();
  const presence = createPresence({
    profile: config.profile,
    claims: claimsOf(config),
    serverName: "User Status reference server",
    serverVersion,
    testClock: config.testingListen !== null,
    keepAliveMs: config.keepAliveMs,
    wallNow,
    onFault: (fault) => log.error({ err: asError(fault) }, "fault"),
    data: config.data === null ? undefined : dataOf(config.data, config.newEpoch, log),
    shared: config.store === null ? undefined : sharedOf(config.store, config.storeReplicas, log),
  });
  await presence.open();
  const ports = new Map<PlannedListener, OnePort>();
  const metrics = createMetrics({
    stats: presence.stats,
    connections: () =>
      Object.fromEntries([...ports].map(([{ roles }, port]) => [roles.join("+"), port.connectionCount()])),
  });
  const authenticator = (deps.wrapAuthenticator ?? unchanged)(createAuthenticator(config.auth));
  const wrapHandler = deps.wrapHandler ?? unchanged;
  const parts: Parts = { config, log, wallNow, presence, authenticator, health, shutdown, metrics, wrapHandler };
  for (const planned of planListeners(config)) ports.set(planned, createPort(planned, parts));
  const metricsServer = config.metricsListen === null ? undefined : createMetricsServer(metrics);

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= shutDown([...ports.values()], metricsServer, parts);
    return stopping;
  };
  try {
    return { urls: await listen(ports, metricsServer, config), stop };
  } catch (cause) {
    for (const port of ports.values()) await port.close(0);
    metricsServer?.close();
    await presence.close();
    throw cause;
  }
}

function sharedOf(url: string, replicas: number, log: Log): SharedStore {
  return {
    url,
    replicas,
    onLost: () =>
      log.error("Redis has lost changes that were answered, or its clock went back: every app has a new epoch"),
    onConnection: (up, why) => {
      if (up) log.info({ why }, "the store can be reached");
      else log.warn({ why }, "the connection to the store is lost, or could not be made");
    },
  };
}

function dataOf(directory: string, newEpochs: boolean, log: Log): PresenceData {
  return {
    directory,
    newEpochs,
    onOpened: ({ tornBytes, ...found }) => {
      log.info({ directory, ...found }, "store opened");
      if (tornBytes > 0)
        log.warn({ tornBytes }, "the end of the store's log was torn: what never was answered is dropped");
      if (newEpochs) log.warn("every app has a new epoch, as it was asked for");
      else if (found.profileChanged) log.warn("another profile than before: every app has a new epoch");
    },
    onRefusing: (refusing, why) => {
      if (refusing) log.error({ why }, "the store can't be written: changes are refused, reads go on");
      else log.info("the store can be written again");
    },
    // Nothing that it could answer would be true: whoever runs the process starts it again.
    onLost: (fault) => {
      throw asError(fault);
    },
  };
}

/** What the steps of a server's life share. */
interface Parts {
  readonly config: ServerConfig;
  readonly log: Log;
  readonly wallNow: () => number;
  readonly presence: PresenceServer;
  readonly authenticator: Authenticator;
  readonly health: HealthState;
  readonly shutdown: AbortController;
  readonly metrics: Metrics;
  readonly wrapHandler: (handler: EdgeHandler) => EdgeHandler;
}

function unchanged<T>(part: T): T {
  return part;
}

function createPort({ roles }: PlannedListener, parts: Parts): OnePort {
  const { config, log, wallNow, presence, health, shutdown, metrics, wrapHandler } = parts;
  const { profile, auth } = config;
  const served = roles.map((role) => serviceOf(role, presence));
  const services = served.map(({ service }) => service);
  const observer = createCallObserver({
    profile,
    onOutcome: (outcome) => {
      metrics.onCall(outcome);
      if (log.isLevelEnabled("debug"))
        log.debug({ ...outcome, durationMs: Math.round(outcome.durationMs * 1_000) / 1_000 }, "call");
    },
    onFault: (fault, procedure) => log.error({ err: asError(fault), procedure }, "fault"),
  });
  const gate = createAuthGate({ authenticator: parts.authenticator, profile, apps: auth.apps, nowMs: wallNow });
  const onFault = (fault: unknown): void => log.error({ err: asError(fault) }, "fault");
  const methods = roles.includes("user") ? presence.userMethods : undefined;
  const { handler, streamHandler } = createListenerHandler({
    routes: (router) => {
      for (const { routes } of served) routes(router);
      createHealthRoutes({ state: health, serviceNames: services.map(({ typeName }) => typeName) })(router);
      createReflectionRoutes([...services, Health])(router);
    },
    gate: observer.gate(gate),
    interceptors: [observer.interceptor],
    direct: methods && {
      methods,
      openWatch: presence.openWatch,
      gate,
      onAnswered: observer.answered,
      onEnded: observer.ended,
      onFault,
    },
    corsOrigins: config.corsOrigins,
    serving: health.serving,
    shutdownSignal: shutdown.signal,
  });
  const limits = { ...defaultConnectionLimits, maxConnections: config.maxConnections };
  return createOnePort({
    handler: wrapHandler(handler),
    // What stands in a seam must see every call.
    streamHandler: wrapHandler === unchanged ? streamHandler : undefined,
    limits,
    tls: config.tls,
    onDrop: () => metrics.onDrop(roles.join("+")),
  });
}

async function listen(
  ports: ReadonlyMap<PlannedListener, OnePort>,
  metricsServer: Server | undefined,
  config: ServerConfig,
): Promise<ServerUrls> {
  const scheme = config.tls === undefined ? "http" : "https";
  const urls = new Map<Role | "metrics", string>();
  for (const [{ roles, address }, port] of ports) {
    const option = roles[0] === "user" ? "listen" : `${roles[0]}-listen`;
    const bound = await bindTo(address, option, () => port.listen(address.host, address.port));
    for (const role of roles) urls.set(role, urlOf(scheme, address.host, bound));
  }
  const address = config.metricsListen;
  if (metricsServer !== undefined && address !== null) {
    const bound = await bindTo(address, "metrics-listen", () => listenHttp(metricsServer, address));
    urls.set("metrics", urlOf("http", address.host, bound));
  }
  const [adminUrl, testingUrl, metricsUrl] = [urls.get("admin"), urls.get("testing"), urls.get("metrics")];
  return {
    url: urls.get("user") ?? "",
    ...(adminUrl === undefined ? {} : { adminUrl }),
    ...(testingUrl === undefined ? {} : { testingUrl }),
    ...(metricsUrl === undefined ? {} : { metricsUrl }),
  };
}

function listenHttp(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    // Stays, so that a later fault of the socket does not end the process.
    server.on("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** An address that stands for every interface is reached on this machine by its loopback. */
function urlOf(scheme: string, host: string, port: number): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${scheme}://${hostInUrl(reached)}:${port}`;
}

async function shutDown(ports: readonly OnePort[], metricsServer: Server | undefined, parts: Parts): Promise<void> {
  const { config, log, presence, health, shutdown } = parts;
  const endMs = performance.now() + config.drainTimeoutMs;
  const leftMs = (): number => Math.max(0, endMs - performance.now());
  health.stopServing();
  await within(leftMs(), presence.drain()).catch((fault: unknown) =>
    log.error({ err: asError(fault) }, "fault while draining"),
  );
  shutdown.abort(
    refusal(config.profile, "DRAINING", "the server is shutting down", { retryAfterMs: retryAfterDrainMs }),
  );
  await Promise.all(ports.map((port) => port.close(leftMs())));
  metricsServer?.close();
  metricsServer?.closeAllConnections();
  // What waits to be kept was never answered: a disk that hangs does not hold the end up.
  await within(Math.max(leftMs(), closeMinMs), Promise.resolve(presence.close()));
}

/** Waits for the work, but no longer than this. */
async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function asError(fault: unknown): Error {
  return fault instanceof Error ? fault : new Error(String(fault));
}
