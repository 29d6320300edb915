// What an exploration can find: the server did something that no server that follows the specification does.

/** Thrown where an observation is outside what the model allows. */
export class Finding extends Error {
  override readonly name = "Finding";
  /** Ids of SPEC.md, the likeliest first. */
  readonly requirements: readonly string[];
  readonly what: string;
  readonly expected: string;
  readonly got: string;

  constructor(requirements: readonly string[], what: string, expected: string, got: string) {
    super(`${what}. Expected ${expected}, got ${got} (${requirements.join(", ")})`);
    this.requirements = [...new Set(requirements)];
    this.what = what;
    this.expected = expected;
    this.got = got;
  }
}

/** The walk can't go on, and that says nothing about the server: the specification leaves open what holds from here. */
export class WalkEnds extends Error {
  override readonly name = "WalkEnds";
}
