// Puts core, store, Watch hub and services together. Knows nothing of ports, tokens or configuration.
import { randomBytes } from "node:crypto";
import type { ConnectRouter } from "@connectrpc/connect";
import type { Profile } from "@userstatus/protocol";
import { createRules } from "./core/rules.ts";
import { adminRoutes } from "./rpc/admin-service.ts";
import { createGatekeeper } from "./rpc/gate.ts";
import { testingRoutes } from "./rpc/testing-service.ts";
import { userRoutes } from "./rpc/user-service.ts";
import { createMemoryStore } from "./store/memory/memory-store.ts";
import { createHub } from "./watch/hub.ts";

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
}

export interface PresenceStats {
  readonly apps: number;
  readonly users: number;
  readonly watches: number;
  /** Status events handed to Watches since the start. */
  readonly delivered: number;
}

export interface PresenceServer {
  readonly userRoutes: (router: ConnectRouter) => void;
  readonly adminRoutes: (router: ConnectRouter) => void;
  readonly testingRoutes: (router: ConnectRouter) => void;
  readonly stats: () => PresenceStats;
  /** Ends every Watch with DRAIN and refuses new calls; answers when the streams have ended. */
  readonly drain: () => Promise<void>;
  /** Stops all timers. */
  readonly close: () => void;
}

export function createPresenceServer(options: PresenceServerOptions): PresenceServer {
  const { profile, wallNow, onFault } = options;
  const rules = createRules(profile);
  const schedule = (delayMs: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  };
  const newEpoch = (): string => randomBytes(9).toString("base64url");
  const store = createMemoryStore({ rules, wallNow, schedule, newEpoch });
  const hub = createHub({ store, rules, keepAliveMs: options.keepAliveMs, wallNow, schedule, onFault });
  const gatekeeper = createGatekeeper(store, rules);
  const deps = { store, rules, hub, gatekeeper };
  const claims = [...new Set([...profile.claims, ...options.claims])];
  return {
    userRoutes: userRoutes(deps, { ...options, claims }),
    adminRoutes: adminRoutes(deps),
    testingRoutes: testingRoutes(store, profile),
    stats: () => ({ ...store.stats(), ...hub.stats() }),
    drain: () => hub.drain(),
    close: () => {
      hub.close();
      store.close();
    },
  };
}
