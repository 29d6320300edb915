// Where tokens come from: a fixed one, or a function that is asked for a new one when the old one runs out.
import { Code } from "@connectrpc/connect";
import { untilAborted } from "./abort.ts";
import { UserStatusError } from "./errors.ts";

/**
 * A bearer token, or a function that gives one. It is asked again only when the server says that the last one ran out,
 * or will.
 */
export type TokenInput = string | (() => Promise<string>);

/** The token in use. */
export interface TokenSource {
  /** Whether a newer token can be asked for. */
  readonly renewable: boolean;
  /** The token in use; asks for the first one. */
  readonly get: (signal: AbortSignal) => Promise<string>;
  /** A token other than `stale`: that which somebody else got meanwhile, or a new one. One question at a time is open. */
  readonly renew: (stale: string | undefined, signal: AbortSignal) => Promise<string>;
  /** Puts a token in the place of the one in use. */
  readonly replace: (token: string) => void;
  /** The token in use, if one was asked for already. */
  readonly peek: () => string | undefined;
}

/** Throws TOKEN_UNAVAILABLE for what can't stand in a header. */
export function checkToken(token: unknown): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UserStatusError(
    Code.Unauthenticated,
    "TOKEN_UNAVAILABLE",
    "the token is empty or has characters that are not visible ASCII",
  );
}

/** Makes a source of a fixed token or of a function. */
export function createTokenSource(input: TokenInput): TokenSource {
  let token: string | undefined = typeof input === "string" ? checkToken(input) : undefined;
  let question: Promise<string> | undefined;

  async function ask(give: () => Promise<string>): Promise<string> {
    try {
      token = checkToken(await give());
      return token;
    } catch (cause) {
      if (cause instanceof UserStatusError) throw cause;
      throw new UserStatusError(Code.Unauthenticated, "TOKEN_UNAVAILABLE", "the token function failed", { cause });
    } finally {
      question = undefined;
    }
  }

  function renew(stale: string | undefined, signal: AbortSignal): Promise<string> {
    if (token !== undefined && token !== stale) return Promise.resolve(token);
    if (typeof input === "string") {
      const message = "the token ran out, and it is a fixed one";
      return Promise.reject(new UserStatusError(Code.Unauthenticated, "TOKEN_UNAVAILABLE", message));
    }
    question ??= ask(input);
    return untilAborted(question, signal);
  }

  return {
    renewable: typeof input !== "string",
    get: (signal) => (token === undefined ? renew(undefined, signal) : Promise.resolve(token)),
    renew,
    replace: (next) => {
      token = checkToken(next);
    },
    peek: () => token,
  };
}
