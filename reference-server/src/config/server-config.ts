// What a server needs to know to start: the options, read and checked.
import type { Profile } from "@userstatus/protocol";
import type { AuthSettings } from "../edge/auth/create.ts";
import type { TlsFiles } from "../edge/one-port.ts";
import type { Address } from "./values.ts";

export interface ServerConfig {
  /** Development: hints for people, and development tokens. */
  readonly dev: boolean;
  readonly listen: Address;
  /** null: off. */
  readonly adminListen: Address | null;
  /** null: there is no test clock. Equal to `adminListen`: both are served there. */
  readonly testingListen: Address | null;
  /** null: off. */
  readonly metricsListen: Address | null;
  /** Most open connections of each listener. */
  readonly maxConnections: number;
  readonly tls: TlsFiles | undefined;
  /** Origins of web pages that may call; `*`: any. */
  readonly corsOrigins: readonly string[];
  readonly auth: AuthSettings;
  readonly profile: Profile;
  /** Longest silence of a Watch. */
  readonly keepAliveMs: number;
  /** How long a shutdown waits for open calls. */
  readonly drainTimeoutMs: number;
  readonly logLevel: string;
  /** Directory in which everything is kept; null: nothing is, or it is in `store`. */
  readonly data: string | null;
  /** URL of a Redis that several servers share; null: there is none. */
  readonly store: string | null;
  /** Replicas of it that must have a change before it is answered. */
  readonly storeReplicas: number;
  /** Every app gets a new epoch at the start. */
  readonly newEpoch: boolean;
}
