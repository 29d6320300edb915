// What is wrong with the configuration, in one line for the operator.

/** Ends the start with exit code 2. The message is one line without a final stop. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** `Expected X to be …, got …`, the form of all complaints about values. */
export function expected(what: string, toBe: string, got: string): ConfigError {
  return new ConfigError(`Expected ${what} to be ${toBe}, got ${got}`);
}

/** The name that was probably meant; undefined if none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const near = candidate.startsWith(name) && name.length >= 3;
    const distance = near ? 1 : editDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions and replacements that make `a` from `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
