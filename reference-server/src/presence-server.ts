// Puts core, store, Watch hub and services together. Knows nothing of ports, tokens or configuration.
import { randomBytes } from "node:crypto";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { type Profile, UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";
import { createRules, type Rules } from "./core/rules.ts";
import { createStatusOf, type StatusOf } from "./core/shared-status.ts";
import { publicStatus } from "./core/views.ts";
import { createAdminService } from "./rpc/admin-service.ts";
import type { ServiceDeps } from "./rpc/deps.ts";
import { createGatekeeper, type Gatekeeper } from "./rpc/gate.ts";
import { createReadyAnswers } from "./rpc/ready-results.ts";
import { queryResult } from "./rpc/results.ts";
import { createTestingService } from "./rpc/testing-service.ts";
import { type UnaryMethod, unaryMethodsOf } from "./rpc/unary-methods.ts";
import { createOpenWatch, createUserService, type OpenWatch } from "./rpc/user-service.ts";
import { type OpenReport, openEmbeddedStore, StoreOpenError } from "./store/embedded/embedded-store.ts";
import { createThreadWriter } from "./store/embedded/thread-writer.ts";
import type { JournalStats } from "./store/journal.ts";
import { createMemoryStore } from "./store/memory/memory-store.ts";
import type { RedisLink } from "./store/redis/link.ts";
import { createRedisLink } from "./store/redis/redis-link.ts";
import { createRedisStore } from "./store/redis/redis-store.ts";
import type { Store, StoreClock } from "./store/store.ts";
import { createHub, type Hub } from "./watch/hub.ts";

export interface PresenceServerOptions {
  readonly profile: Profile;
  /** Claims beside the profile's: transports, codec, tools. */
  readonly claims: readonly string[];
  readonly serverName: string;
  readonly serverVersion: string;
  /** Whether TestingService moves a clock per app. */
  readonly testClock: boolean;
  /** Longest silence of a Watch. */
  readonly keepAliveMs: number;
  /** Wall clock in milliseconds since 1970. */
  readonly wallNow: () => number;
  /** Told of faults that no caller sees. */
  readonly onFault: (fault: unknown) => void;
  /** Where changes are kept; absent: in memory only. */
  readonly data?: PresenceData | undefined;
  /** A store that several servers share, in place of `data`. */
  readonly shared?: SharedStore | undefined;
}

export interface SharedStore {
  /** `redis://…`, `redis+cluster://…`, or either with `rediss`. */
  readonly url: string;
  /** Replicas that must have a change before it is answered. */
  readonly replicas: number;
  /** A connection was lost, or is back. */
  readonly onConnection: (up: boolean, why: string) => void;
  /** Redis has lost changes that were answered, or its clock went back; the apps have new epochs now. */
  readonly onLost: () => void;
}

export interface PresenceData {
  /** Made where it is missing; one server at a time. */
  readonly directory: string;
  /** Every app gets a new epoch: what is there may be older than what clients know. */
  readonly newEpochs: boolean;
  readonly onOpened: (found: OpenReport) => void;
  /** Writes began to fail, or work again. */
  readonly onRefusing: (refusing: boolean, why: string) => void;
  /** What was kept can neither be read nor written any more: end the process. */
  readonly onLost: (fault: unknown) => void;
}

export interface PresenceStats {
  readonly apps: number;
  readonly users: number;
  readonly watches: number;
  /** Status events handed to Watches since the start. */
  readonly delivered: number;
  /** Of a store that keeps its changes. */
  readonly keeping?: JournalStats | undefined;
}

export interface PresenceServer {
  readonly userRoutes: (router: ConnectRouter) => unknown;
  readonly adminRoutes: (router: ConnectRouter) => unknown;
  readonly testingRoutes: (router: ConnectRouter) => unknown;
  /** The unary methods of UserStatusService past the router; undefined: what serves it has to see every call. */
  readonly userMethods?: readonly UnaryMethod[] | undefined;
  /** Watch past the router; undefined: as above. */
  readonly openWatch?: OpenWatch | undefined;
  readonly stats: () => PresenceStats;
  /** Connects to a shared store; before anything else. Rejects with a StoreOpenError. */
  readonly open: () => Promise<void>;
  /** Ends every Watch with DRAIN and refuses new calls; answers when the streams have ended. */
  readonly drain: () => Promise<void>;
  /** Stops all timers; answers when what waits is kept. */
  readonly close: () => void | Promise<void>;
}

/** Where one part can be put in place of another. Tests use it; production passes none. */
export interface PresenceSeams {
  readonly rules?: (rules: Rules) => Rules;
  readonly store?: (store: Store & StoreClock, rules: Rules) => Store & StoreClock;
  readonly hub?: (hub: Hub) => Hub;
  readonly gatekeeper?: (gatekeeper: Gatekeeper, store: Store) => Gatekeeper;
  readonly user?: (service: UserServiceImpl, deps: ServiceDeps) => UserServiceImpl;
  readonly admin?: (service: AdminServiceImpl, deps: ServiceDeps) => AdminServiceImpl;
  readonly testing?: (service: TestingServiceImpl, deps: ServiceDeps) => TestingServiceImpl;
}

export type UserServiceImpl = ServiceImpl<typeof UserStatusService>;
export type AdminServiceImpl = ServiceImpl<typeof AdminService>;
export type TestingServiceImpl = ServiceImpl<typeof TestingService>;

/** Throws StoreOpenError where the data directory can't be used. */
export function createPresenceServer(options: PresenceServerOptions, seams: PresenceSeams = {}): PresenceServer {
  const { profile, wallNow, onFault, keepAliveMs } = options;
  const rules = through(seams.rules, createRules(profile));
  const own = openStore(options, rules);
  const store = seams.store?.(own, rules) ?? own;
  // What stands in a seam must see every frame, and may change what it sees.
  const direct = seams.user === undefined && seams.hub === undefined;
  // Where servers share a store, each reading makes new records: nothing could be found again.
  const keeps = direct && options.shared === undefined;
  const plainStatusOf: StatusOf = (record) => publicStatus(record, rules);
  const statusOf = keeps ? createStatusOf(rules) : plainStatusOf;
  const hub = through(
    seams.hub,
    createHub({
      store,
      rules,
      statusOf,
      keepAliveMs,
      wallNow,
      schedule,
      defer: setImmediate,
      onFault,
      newWatchId: watchIds(),
    }),
  );
  const plainGatekeeper = createGatekeeper(store, rules);
  const gatekeeper = seams.gatekeeper?.(plainGatekeeper, store) ?? plainGatekeeper;
  const answered: Pick<ServiceDeps, "statusOf" | "resultOf"> = keeps
    ? createReadyAnswers(rules, statusOf)
    : { statusOf, resultOf: (record) => queryResult(record, rules) };
  const deps: ServiceDeps = { store, rules, hub, gatekeeper, ...answered };
  const claims = [...new Set([...profile.claims, ...options.claims])];
  const user = createUserService(deps, { ...options, claims, direct });
  const admin = createAdminService(deps);
  const testing = createTestingService(store, profile);
  return {
    userRoutes: (router) => router.service(UserStatusService, seams.user?.(user, deps) ?? user),
    userMethods: seams.user === undefined ? unaryMethodsOf(user) : undefined,
    openWatch: direct ? createOpenWatch(deps) : undefined,
    adminRoutes: (router) => router.service(AdminService, seams.admin?.(admin, deps) ?? admin),
    testingRoutes: (router) => router.service(TestingService, seams.testing?.(testing, deps) ?? testing),
    open: async () => {
      await own.open?.();
    },
    stats: () => ({ ...store.stats(), ...hub.stats(), keeping: store.keeping?.() }),
    drain: () => hub.drain(),
    close: () => {
      hub.close();
      return store.close();
    },
  };
}

interface OpenedStore extends Store, StoreClock {
  readonly open?: () => Promise<void>;
}

function openStore(options: PresenceServerOptions, rules: Rules): OpenedStore {
  const { data, shared, wallNow, testClock, onFault } = options;
  const memory = { rules, wallNow, schedule, newEpoch };
  if (shared !== undefined) {
    const link = createRedisLink({
      ...shared,
      wallNow,
      steadyNow: () => performance.now(),
      random: Math.random,
      node: randomBytes(6).toString("base64url"),
    });
    const store = createRedisStore({ link, rules, schedule, newEpoch, testClock, onFault, onLost: shared.onLost });
    return { ...store, open: () => openLink(link, shared.url) };
  }
  if (data === undefined) return createMemoryStore(memory);
  return openEmbeddedStore({ ...memory, ...data, testClock, defer: setImmediate, createWriter: createThreadWriter });
}

async function openLink(link: RedisLink, url: string): Promise<void> {
  try {
    await link.open();
  } catch (cause) {
    await link.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreOpenError(`Can't use the Redis at ${hostsOf(url)} (--store): ${why}`, { cause });
  }
}

/** Without what is secret in it. */
function hostsOf(url: string): string {
  return url.replace(/^[\w+]+:\/\//, "").replace(/^[^@]*@/, "");
}

function through<T>(seam: ((part: T) => T) | undefined, part: T): T {
  return seam ? seam(part) : part;
}

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

/** Of this process, and of no other. */
function watchIds(): () => string {
  const node = randomBytes(6).toString("base64url");
  let number = 0;
  return () => `${node}-${++number}`;
}

function newEpoch(): string {
  return randomBytes(9).toString("base64url");
}
