// What a mutant client is: the reference client with one named, realistic defect, put in by changing one place of its source while it
// is loaded. Production code knows nothing of them.

export interface ClientMutant {
  /** The requirement whose own check must catch it, `/`, and a word for the defect: `client-fold/last-arrival-wins`. */
  readonly id: string;
  /** What is wrong, in one sentence, as its programmer might confess it. */
  readonly defect: string;
  /** The file, below `reference-client/src`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** The source with the defect. Throws where the place is not there, or there twice: the mutant is out of date. */
export function mutated(source: string, { id, file, find, replace }: ClientMutant): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${id}: its place stands ${parts.length - 1} times in ${file}, not once`);
  return parts.join(replace);
}
