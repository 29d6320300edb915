// Who calls: a token, a command that prints one, or an app and a user in development mode.
import { createHash } from "node:crypto";
import { isUserId } from "@userstatus/protocol";
import type { TokenInput } from "../token.ts";
import { UsageError } from "./failure.ts";

/** Flags that say who calls. */
export interface IdentityFlags {
  readonly token?: string | undefined;
  readonly tokenCommand?: string | undefined;
  readonly app?: string | undefined;
  readonly user?: string | undefined;
}

/** The token of the flags, or of USERSTATUS_TOKEN where no flag says who calls. Undefined: nobody is named. */
export function tokenInput(
  flags: IdentityFlags,
  env: Readonly<Record<string, string | undefined>>,
  runCommand: (command: string) => Promise<string>,
): TokenInput | undefined {
  const development = flags.app !== undefined || flags.user !== undefined;
  const ways = [flags.token !== undefined, flags.tokenCommand !== undefined, development].filter(Boolean).length;
  if (ways > 1) throw new UsageError("give one of --token, --token-command, or --app with --user");
  const { token, tokenCommand, app, user } = flags;
  if (token !== undefined) return visible(token, "--token");
  if (tokenCommand !== undefined) return async () => (await runCommand(tokenCommand)).trim();
  if (development) {
    if (app === undefined || user === undefined) throw new UsageError("--app and --user go together");
    if (!/^[\x21-\x39\x3b-\x7e]{1,64}$/.test(app))
      throw new UsageError("--app: 1 to 64 visible ASCII characters without a colon");
    if (!isUserId(user))
      throw new UsageError("--user: 1 to 32 ASCII characters of those that the protocol allows in user ids");
    return `dev:${app}:${user}`;
  }
  const fromEnv = env.USERSTATUS_TOKEN;
  return fromEnv === undefined || fromEnv === "" ? undefined : visible(fromEnv, "USERSTATUS_TOKEN");
}

function visible(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`${where}: a token is visible ASCII without blanks`);
}

/**
 * A name for whoever the flags speak for, to find his session again. Nothing is verified: a wrong name costs a login, no more.
 * Tokens that can't be read are named by their hash, commands by theirs.
 */
export function identityName(flags: IdentityFlags, input: TokenInput): string {
  return typeof input === "string" ? tokenName(input) : `command:${hash(flags.tokenCommand ?? "")}`;
}

function tokenName(token: string): string {
  const development = /^dev(?:@[^:]*)?:(.+)$/s.exec(token);
  if (development !== null) return `dev:${development[1]}`;
  const { app, sub } = jwtClaims(token);
  if (typeof app === "string" && typeof sub === "string") return `jwt:${app}:${sub}`;
  return `token:${hash(token)}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function jwtClaims(token: string): Record<string, unknown> {
  const [, payload] = token.split(".");
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload ?? "", "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? { ...claims } : {};
  } catch {
    return {};
  }
}
