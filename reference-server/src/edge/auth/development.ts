// Tokens that say who one is and prove nothing: for development and tests, only where the operator asks for them.
import { type Authenticator, invalidToken, judgeClaims, type TokenClaims, type TokenVerdict } from "./authenticator.ts";

const userPattern = /^dev(?:@(\d{1,12}(?:\.\d{1,9})?))?:([^:]*):(.*)$/s;
const adminPattern = /^dev-admin:(.*)$/s;

/** Whether a token claims to be of this kind. */
export function isDevelopmentToken(token: string): boolean {
  return /^dev[:@-]/.test(token);
}

/**
 * Accepts `dev:APP:USER`, `dev@EXPIRY:APP:USER` with an expiry in seconds since 1970 (a fraction is allowed), and
 * `dev-admin:APP`. USER is everything after the last fixed colon, and may hold colons.
 */
export function createDevelopmentAuthenticator(): Authenticator {
  return { authenticate: async (token, nowMs) => judge(token, nowMs) };
}

function judge(token: string, nowMs: number): TokenVerdict {
  const claims = parse(token);
  return claims === undefined
    ? invalidToken("not a development token such as dev:APP:USER")
    : judgeClaims(claims, nowMs);
}

function parse(token: string): TokenClaims | undefined {
  const admin = adminPattern.exec(token);
  if (admin) return { appId: admin[1], userId: undefined, admin: true, expiresAtMs: null };
  const user = userPattern.exec(token);
  if (!user) return undefined;
  const expiresAtMs = user[1] === undefined ? null : Math.round(Number(user[1]) * 1_000);
  return { appId: user[2], userId: user[3], admin: false, expiresAtMs };
}
