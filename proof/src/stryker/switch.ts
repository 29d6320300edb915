// The switch that Stryker's instrumented code looks at, and the marks it leaves: a global of this process.

/** What ran: number of times by mutant. */
export type Marks = Record<string, number>;

interface Namespace {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Marks; perTest: Record<string, Marks> };
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
}

/** A mutant that ran so often within one attempt loops without end: it throws then, and the process can go on. */
const hitLimit = 3_000_000;

function namespace(): Namespace {
  const world = globalThis as { __stryker__?: Namespace };
  world.__stryker__ ??= {};
  return world.__stryker__;
}

/** Undefined: the server is as it is written. */
export function activate(mutant: string | undefined): void {
  const own = namespace();
  own.activeMutant = mutant;
  own.hitCount = 0;
  own.hitLimit = hitLimit;
}

/** From here on marks count for this key; undefined: for none. */
export function markFor(key: string | undefined): void {
  namespace().currentTestId = key;
}

/** Marks of no key: of loading, and of starting a server. */
export function staticMarks(): Marks {
  return { ...namespace().mutantCoverage?.static };
}

export function keyedMarks(): Readonly<Record<string, Marks>> {
  return namespace().mutantCoverage?.perTest ?? {};
}
