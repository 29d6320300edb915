// What a run is asked to do. The command line makes these; programs may too.
import type { TokenSource } from "../identity/tokens.ts";
import type { ReadyUser } from "../identity/users-file.ts";

export interface SuiteOptions {
  /** Base URL of the server. */
  readonly url: string;
  /** Base URL of `userstatus.admin.v1`, if there is one. */
  readonly adminUrl?: string | undefined;
  /** Base URL of `userstatus.testing.v1`, if there is one. */
  readonly testingUrl?: string | undefined;
  /** Undefined: only the tokens of `users`. */
  readonly tokens?: TokenSource | undefined;
  /** Ready users. */
  readonly users?: readonly ReadyUser[] | undefined;
  /** Command that registers the users whose ids it reads from stdin, one on each line. */
  readonly provisionCommand?: string | undefined;
  /**
   * The app that all checks share. Default: one for each check, where server and tokens allow it, else "conformance".
   */
  readonly app?: string | undefined;
  /** Judge as this published profile: the server must name it. */
  readonly profile?: string | undefined;
  /** Default: virtual where there is a test clock, else real. */
  readonly tier?: "virtual" | "scaled" | "real" | undefined;
  /** Longest that one check may really wait. Default: 5 minutes. */
  readonly timeBudgetMs?: number | undefined;
  /** Patterns of check or requirement ids; default: all. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** Kinds of transport to keep to; default: all that the server claims and answers. */
  readonly transports?: readonly string[] | undefined;
  /** Checks at once. Default: 8. */
  readonly jobs?: number | undefined;
  /** Of all decisions. Default: random. */
  readonly seed?: string | undefined;
  /** Longest wait for one thing. Default: 5 s. */
  readonly patienceMs?: number | undefined;
  /** Whether a failed check is run again alone. Default: true. */
  readonly rerun?: boolean | undefined;
  /** Run only this part of the checks; the parts of one count hold each check once. Default: all. */
  readonly shard?: Shard | undefined;
  /** Run each check so many times, each time with other decisions. Default: 1. */
  readonly repeat?: number | undefined;
  /** Multiplies every time limit of the suite's own, for slow machines. Default: 1. */
  readonly timeoutScale?: number | undefined;
  /**
   * Done between every two checks, which then run one at a time: a restart, say, that a server must not lose anything by. The server must answer again
   * when it resolves; if it rejects, so does the run. Default: nothing.
   */
  readonly betweenChecks?: (() => Promise<void>) | undefined;
  /** Directory for the transcripts. Default: none are written. */
  readonly outDir?: string | undefined;
}

/** Part `index` (from 1) of `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The options don't fit together, or don't fit the suite: wrong usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Nothing can be run, because an address does not answer. */
export class TargetUnreachable extends Error {
  override readonly name = "TargetUnreachable";
}
