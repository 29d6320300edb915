// For programs that embed the server: the whole of it, or its parts behind listeners of their own.
export { ConfigError } from "./config/config-error.ts";
export { type LoadInput, type Loaded, loadConfig } from "./config/load.ts";
export type { ServerConfig } from "./config/server-config.ts";
export type { Address } from "./config/values.ts";
export type { Authenticator, TokenRefusal, TokenVerdict } from "./edge/auth/authenticator.ts";
export { type AuthSettings, createAuthenticator } from "./edge/auth/create.ts";
export { type AuthGate, type AuthGateOptions, type GatedCall, createAuthGate } from "./edge/auth/gate.ts";
export { type VerificationKey, keySet, publicKey, secretKey } from "./edge/auth/keys.ts";
export { StartError } from "./edge/bind.ts";
export { type Log, type LogOptions, createLog } from "./edge/log.ts";
export type { TlsFiles } from "./edge/one-port.ts";
export { type RunningServer, type ServerUrls, type StartDeps, startServer } from "./edge/server.ts";
export {
  type PresenceServer,
  type PresenceServerOptions,
  type PresenceStats,
  createPresenceServer,
} from "./presence-server.ts";
export { type Identity, identityKey } from "./rpc/identity.ts";
