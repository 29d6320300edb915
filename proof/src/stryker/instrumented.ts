// The core with all its mutants, as it goes from the runner to its workers.

/** One change of the source that Stryker makes. */
export interface CoreMutant {
  /** Number of its switch; another where the sources are others. */
  readonly id: string;
  /** Name in the core: `settle.ts`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Stryker's name of the kind of change. */
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
}

export interface Instrumented {
  readonly mutants: readonly CoreMutant[];
  /** JavaScript by name in the core, as `settle.js`. */
  readonly modules: Readonly<Record<string, string>>;
}

/** Where the workers find it. */
export const cacheFile = ".cache/stryker/instrumented.json";
