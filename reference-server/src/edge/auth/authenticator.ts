// What it takes to tell who calls: a token in, an identity or a refusal out.
import { isUserId } from "@userstatus/protocol";
import type { Identity } from "../../rpc/identity.ts";

/** Why a token is refused, and words for people (never with the token in them). */
export interface TokenRefusal {
  readonly reason: "TOKEN_INVALID" | "TOKEN_EXPIRED";
  readonly message: string;
}

export type TokenVerdict = { readonly identity: Identity } | { readonly refused: TokenRefusal };

/** Judges tokens. Never rejects on account of a token. */
export interface Authenticator {
  /** `nowMs` is wall time. */
  readonly authenticate: (token: string, nowMs: number) => Promise<TokenVerdict>;
}

/** Most characters of a token; longer ones are not looked at. */
export const tokenMaxLength = 8_192;

/** The last millisecond that a google.protobuf.Timestamp can tell. */
const timestampMaxMs = Date.parse("9999-12-31T23:59:59.999Z");

const appIdPattern = /^[A-Za-z0-9_-]{1,32}$/;

/** Whether this may name an app: 1 to 32 letters, digits, `_` and `-`. */
export function isAppId(id: string): boolean {
  return appIdPattern.test(id);
}

export function invalidToken(message: string): TokenVerdict {
  return { refused: { reason: "TOKEN_INVALID", message } };
}

export function expiredToken(): TokenVerdict {
  return { refused: { reason: "TOKEN_EXPIRED", message: "the token has run out" } };
}

/** What a token claims, once its issuer is trusted. */
export interface TokenClaims {
  readonly appId: unknown;
  /** Not looked at for an admin. */
  readonly userId: unknown;
  readonly admin: boolean;
  readonly expiresAtMs: number | null;
}

/** Checks the claims of a token that is from a trusted issuer. At its expiry a token is expired. */
export function judgeClaims(claims: TokenClaims, nowMs: number): TokenVerdict {
  const { appId, userId, admin, expiresAtMs } = claims;
  if (typeof appId !== "string" || !isAppId(appId)) return invalidToken("the token names no app");
  if (!admin && (typeof userId !== "string" || !isUserId(userId))) return invalidToken("the token names no user");
  if (expiresAtMs !== null && nowMs >= expiresAtMs) return expiredToken();
  const role = admin ? "admin" : "user";
  const clampedMs = expiresAtMs === null ? null : Math.min(expiresAtMs, timestampMaxMs);
  return { identity: { appId, role, userId: admin ? "" : (userId as string), expiresAtMs: clampedMs } };
}
