// JSON Web Tokens: `app`, `sub` (or `role` = `admin`), `exp`, and where asked for `iss` and `aud`.
import { errors, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from "jose";
import {
  type Authenticator,
  expiredToken,
  invalidToken,
  judgeClaims,
  type TokenClaims,
  type TokenVerdict,
} from "./authenticator.ts";
import type { VerificationKey } from "./keys.ts";

export interface JwtAuthenticatorOptions {
  readonly key: VerificationKey;
  /** `iss` that a token must have; undefined: not looked at. */
  readonly issuer?: string | undefined;
  /** `aud` that a token must have among its audiences; undefined: not looked at. */
  readonly audience?: string | undefined;
  /** App of the tokens that name none; undefined: every token names its own. */
  readonly defaultAppId?: string | undefined;
}

/** Most good tokens remembered, so that a signature is checked once and not at every call. */
const rememberedMax = 10_000;

export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const remembered = new Map<string, TokenClaims>();
  return {
    authenticate: async (token, nowMs) => {
      const known = remembered.get(token);
      if (known !== undefined) return judgeClaims(known, nowMs);
      let payload: JWTPayload;
      try {
        payload = (await verify(token, nowMs, options)).payload;
      } catch (cause) {
        return refusedBy(cause);
      }
      const claims = claimsOf(payload, options.defaultAppId);
      const verdict = judgeClaims(claims, nowMs);
      if ("identity" in verdict) remember(remembered, token, claims);
      return verdict;
    },
  };
}

function verify(token: string, nowMs: number, options: JwtAuthenticatorOptions): Promise<JWTVerifyResult> {
  const { key, algorithms } = options.key;
  const checks: JWTVerifyOptions = {
    algorithms: [...algorithms],
    currentDate: new Date(nowMs),
    clockTolerance: 0,
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.audience === undefined ? {} : { audience: options.audience }),
  };
  if (typeof key !== "function") return jwtVerify(token, key, checks);
  return jwtVerify(token, key, checks).catch(async (cause: unknown) => {
    if (!(cause instanceof errors.JWKSMultipleMatchingKeys)) throw cause;
    // Without a key id several keys of the set may fit: one that verifies is enough.
    for await (const candidate of cause) {
      try {
        return await jwtVerify(token, candidate, checks);
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  });
}

/** Everything but expiry is told alike: what exactly is wrong with a forged token is no business of its maker. */
function refusedBy(cause: unknown): TokenVerdict {
  return cause instanceof errors.JWTExpired ? expiredToken() : invalidToken("the token is not from a trusted issuer");
}

function claimsOf(payload: JWTPayload, defaultAppId: string | undefined): TokenClaims {
  return {
    appId: payload.app ?? defaultAppId,
    userId: payload.sub,
    admin: payload.role === "admin",
    // `exp` may have a fraction; the library compares whole seconds, judgeClaims milliseconds.
    expiresAtMs: payload.exp === undefined ? null : Math.floor(payload.exp * 1_000),
  };
}

function remember(remembered: Map<string, TokenClaims>, token: string, claims: TokenClaims): void {
  const oldest = remembered.size >= rememberedMax ? remembered.keys().next() : undefined;
  if (oldest?.done === false) remembered.delete(oldest.value);
  remembered.set(token, claims);
}
