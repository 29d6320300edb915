// For programs that embed the server: the whole of it, or its parts behind listeners of their own.
export { ConfigError } from "./config/config-error.ts";
export { type Loaded, type LoadInput, loadConfig } from "./config/load.ts";
export type { ServerConfig } from "./config/server-config.ts";
export type { Address } from "./config/values.ts";
export type { Authenticator, TokenRefusal, TokenVerdict } from "./edge/auth/authenticator.ts";
export { type AuthSettings, createAuthenticator } from "./edge/auth/create.ts";
export { type AuthGate, type AuthGateOptions, createAuthGate, type GatedCall } from "./edge/auth/gate.ts";
export { keySet, publicKey, secretKey, type VerificationKey } from "./edge/auth/keys.ts";
export { StartError } from "./edge/bind.ts";
export { createLog, type Log, type LogOptions } from "./edge/log.ts";
export type { EdgeHandler, EdgeRequest, EdgeResponse, TlsFiles } from "./edge/one-port.ts";
export { type RunningServer, type ServerUrls, type StartDeps, startServer } from "./edge/server.ts";
export {
  createPresenceServer,
  type PresenceData,
  type PresenceServer,
  type PresenceServerOptions,
  type PresenceStats,
} from "./presence-server.ts";
export { type Identity, identityKey } from "./rpc/identity.ts";
export { type OpenReport, StoreOpenError } from "./store/embedded/embedded-store.ts";
