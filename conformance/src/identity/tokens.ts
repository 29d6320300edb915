// Where tokens come from: the development mode of servers, a shared secret, or a command.
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { SignJWT } from "jose";
import { runCommand } from "./command.ts";

export interface TokenRequest {
  readonly app: string;
  /** Empty for the role `admin`. */
  readonly user: string;
  readonly role: "user" | "admin";
  /** Wall time from now; negative: already expired. Undefined: the source's usual (48 hours, or none). */
  readonly expiresInMs?: number;
}

export interface TokenSource {
  /** For people: `--token-dev`. */
  readonly name: string;
  /** Whether it makes tokens for any app, any user and any expiry (a file of ready users does not). */
  readonly mintsAnything: boolean;
  readonly token: (request: TokenRequest) => Promise<string>;
}

/** Long enough for any run, and for test clocks that never move it. */
export const usualExpiryMs: number = 48 * 60 * 60 * 1000;

/** `dev:APP:USER`, `dev@EXPIRY_UNIX_SECONDS:APP:USER`, `dev-admin:APP`. */
export function devTokens(wallNow: () => number = Date.now): TokenSource {
  const token = ({ app, user, role, expiresInMs }: TokenRequest): string => {
    if (role === "admin") return `dev-admin:${app}`;
    if (expiresInMs === undefined) return `dev:${app}:${user}`;
    return `dev@${expiryOf(wallNow(), expiresInMs)}:${app}:${user}`;
  };
  return { name: "--token-dev", mintsAnything: true, token: async (request) => token(request) };
}

/** JWT by HS256 with the claims app, sub, exp, or role. */
export function secretTokens(secret: string, wallNow: () => number = Date.now): TokenSource {
  const key = new TextEncoder().encode(secret);
  return {
    name: "--token-secret",
    mintsAnything: true,
    token: ({ app, user, role, expiresInMs = usualExpiryMs }) => {
      const claims = role === "admin" ? { app, role } : { app, sub: user };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setExpirationTime(expiryOf(wallNow(), expiresInMs))
        .sign(key);
    },
  };
}

function expiryOf(nowMs: number, expiresInMs: number): number {
  // Whole seconds: rounded up, so that a good token is never expired before the time asked for.
  const seconds = (nowMs + expiresInMs) / 1000;
  return expiresInMs < 0 ? Math.floor(seconds) : Math.ceil(seconds);
}

/**
 * A command that prints the token; APP USER ROLE EXPIRES_IN_SECONDS come as arguments and as USERSTATUS_… in the
 * environment.
 */
export function commandTokens(command: string): TokenSource {
  return {
    name: "--token-command",
    mintsAnything: true,
    token: async ({ app, user, role, expiresInMs = usualExpiryMs }) => {
      const seconds = String(Math.ceil(expiresInMs / 1000));
      const environment = {
        USERSTATUS_APP: app,
        USERSTATUS_USER: user,
        USERSTATUS_ROLE: role,
        USERSTATUS_EXPIRES_IN_SECONDS: seconds,
      };
      const printed = (await runCommand({ command, args: [app, user, role, seconds], environment, input: "" })).trim();
      if (printed === "") throw new Error(`the token command printed nothing: ${command}`);
      return printed;
    },
  };
}

/** Below this, two clocks count as one: the answer took its time. */
const sameClockMs = 30_000;

/** Makes tokens run out by the server's wall clock, where it is far from ours. */
export function onClockOf(serverTime: Timestamp | undefined, nowMs: number, source: TokenSource): TokenSource {
  const offsetMs = serverTime === undefined ? 0 : timestampMs(serverTime) - nowMs;
  if (Math.abs(offsetMs) < sameClockMs) return source;
  return {
    ...source,
    token: (request) =>
      source.token(
        request.expiresInMs === undefined ? request : { ...request, expiresInMs: request.expiresInMs + offsetMs },
      ),
  };
}

/** Keeps the usual token of each identity, so that a command runs once for each. */
export function cached(source: TokenSource, entriesMax: number = 20_000): TokenSource {
  const kept = new Map<string, Promise<string>>();
  return {
    ...source,
    token: (request) => {
      if (request.expiresInMs !== undefined) return source.token(request);
      const key = `${request.role}\n${request.app}\n${request.user}`;
      const found = kept.get(key);
      if (found !== undefined) return found;
      if (kept.size >= entriesMax) kept.delete(kept.keys().next().value ?? "");
      const made = source.token(request);
      kept.set(key, made);
      made.catch(() => kept.delete(key));
      return made;
    },
  };
}
