// Authentication of calls (SPEC §3). It runs as a gate, before a call's body is read, so that nothing else is answered first.
import type { HandlerContext } from "@connectrpc/connect";
import { type Profile, UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { Health, reflectionV1, reflectionV1Alpha } from "@userstatus/protocol/rpc";
import { TestingService } from "@userstatus/protocol/testing";
import { type Identity, identityKey } from "../../rpc/identity.ts";
import { refusal } from "../../rpc/refuse.ts";
import { type Authenticator, tokenMaxLength } from "./authenticator.ts";

export interface AuthGateOptions {
  readonly authenticator: Authenticator;
  /** For the vendor's numbers in refusals. */
  readonly profile: Profile;
  /** The apps that are served; empty: any. */
  readonly apps: readonly string[];
  /** Wall clock in milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** What a gate looks at; a HandlerContext is one. */
export interface GatedCall extends Pick<HandlerContext, "service" | "method" | "values"> {
  readonly requestHeader: Pick<Headers, "get">;
}

export type AuthGate = (call: GatedCall) => Promise<void>;

/** What a service asks of a token. */
type Access = "open" | "user" | "admin";

const accessByService: ReadonlyMap<string, Access> = new Map([
  [UserStatusService.typeName, "user"],
  [AdminService.typeName, "admin"],
  [TestingService.typeName, "admin"],
  [Health.typeName, "open"],
  [reflectionV1.ServerReflection.typeName, "open"],
  [reflectionV1Alpha.ServerReflection.typeName, "open"],
]);

/**
 * The gate puts the identity into the call's context, or rejects with TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED or WRONG_ROLE.
 * GetServerInfo needs no token and takes either role, but not a bad token. A service that is not known needs a user.
 */
export function createAuthGate({ authenticator, profile, apps, nowMs }: AuthGateOptions): AuthGate {
  const served = new Set(apps);
  return async ({ service, method, requestHeader, values }) => {
    const access = accessByService.get(service.typeName) ?? "user";
    if (access === "open") return;
    const anyone = method === UserStatusService.method.getServerInfo;
    const token = bearerToken(requestHeader.get("Authorization"));
    if (token === undefined) {
      if (anyone) return;
      throw refusal(profile, "TOKEN_MISSING", "this call needs the header Authorization: Bearer TOKEN");
    }
    const identity = await identify(token);
    if (!anyone && identity.role !== access) {
      throw refusal(profile, "WRONG_ROLE", `this call needs a token of the role ${access}`);
    }
    values.set(identityKey, identity);
  };

  async function identify(token: string): Promise<Identity> {
    if (token.length > tokenMaxLength) throw refusal(profile, "TOKEN_INVALID", "the token is too long");
    const verdict = await authenticator.authenticate(token, nowMs());
    if ("refused" in verdict) throw refusal(profile, verdict.refused.reason, verdict.refused.message);
    if (served.size > 0 && !served.has(verdict.identity.appId)) {
      throw refusal(profile, "TOKEN_INVALID", "this server does not serve the app of the token");
    }
    return verdict.identity;
  }
}

/** The token of an Authorization header; undefined where there is none or the scheme is another. */
export function bearerToken(header: string | null): string | undefined {
  return /^Bearer +(\S.*)$/i.exec(header ?? "")?.[1]?.trimEnd();
}
