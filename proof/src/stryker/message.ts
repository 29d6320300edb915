// What goes between the runner and its workers: plain data.

export type Request =
  | { readonly kind: "cover"; readonly profile: string; readonly seed: string }
  | {
      readonly kind: "judge";
      readonly mutant: string;
      readonly profile: string;
      readonly seed: string;
      /** Ids, in the order in which they are tried. */
      readonly checks: readonly string[];
    };

/** A check that passes on the server as it is written, and what it runs. */
export interface CoveredCheck {
  readonly id: string;
  readonly ms: number;
  readonly mutants: readonly string[];
}

export interface Coverage {
  readonly profile: string;
  readonly checks: readonly CoveredCheck[];
  /** Run while a server starts: every check may show them. */
  readonly atStart: readonly string[];
  /** Run while the code is loaded: need a process of their own. */
  readonly atLoad: readonly string[];
  /** Checks that were to run and did not pass without a mutant: they decide nothing. */
  readonly unfit: readonly string[];
}

/** `fault`: the run itself went wrong, and nothing is known. */
export interface Judged {
  readonly status: "killed" | "survived" | "fault";
  /** The check that failed, or that the server did not start. */
  readonly by?: string;
  readonly ran: number;
}

export type Answer = Coverage | Judged;
