// Puts the ways to authenticate together, as configured.
import { type Authenticator, invalidToken } from "./authenticator.ts";
import { createDevelopmentAuthenticator, isDevelopmentToken } from "./development.ts";
import { createJwtAuthenticator } from "./jwt.ts";
import type { VerificationKey } from "./keys.ts";

export interface AuthSettings {
  /** Whether development tokens are accepted. */
  readonly development: boolean;
  /** How JWTs are checked; null: none is accepted. */
  readonly jwt: {
    readonly key: VerificationKey;
    readonly issuer?: string | undefined;
    readonly audience?: string | undefined;
  } | null;
  /** The apps that are served. If it is one, tokens need not name it. */
  readonly apps: readonly string[];
}

/** Throws if nothing is configured: a server that nobody can call is a mistake. */
export function createAuthenticator({ development, jwt, apps }: AuthSettings): Authenticator {
  if (!development && jwt === null) throw new Error("Expected a JWT key or the development mode, got neither");
  const defaultAppId = apps.length === 1 ? apps[0] : undefined;
  const forJwt = jwt === null ? undefined : createJwtAuthenticator({ ...jwt, defaultAppId });
  if (!development && forJwt !== undefined) return forJwt;
  const forDevelopment = createDevelopmentAuthenticator();
  return {
    authenticate: async (token, nowMs) => {
      if (isDevelopmentToken(token)) return forDevelopment.authenticate(token, nowMs);
      return (
        forJwt?.authenticate(token, nowMs) ?? invalidToken("only development tokens such as dev:APP:USER are accepted")
      );
    },
  };
}
