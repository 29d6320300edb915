// Selection of checks by patterns on check and requirement ids. Pure.
import type { Check } from "../check.ts";
import { UsageError } from "./options.ts";

/** `*` is any text, `?` any character. */
export function matchesPattern(pattern: string, text: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${escaped}$`).test(text);
}

/** Whether a pattern names this check, by its own id or by that of its requirement. */
export function selects(pattern: string, checkId: string): boolean {
  return matchesPattern(pattern, checkId) || matchesPattern(pattern, checkId.split("/")[0] ?? "");
}

export interface Selection {
  readonly checks: readonly Check[];
  /** In words, if it is less than all. */
  readonly said: string | undefined;
}

/** Those that `only` names and `skip` does not. A pattern that names nothing is wrong usage. */
export function selectChecks<C extends Pick<Check, "id">>(
  all: readonly C[],
  only: readonly string[] = [],
  skip: readonly string[] = [],
): { checks: readonly C[]; said: string | undefined } {
  for (const [flag, patterns] of [
    ["--only", only],
    ["--skip", skip],
  ] as const) {
    for (const pattern of patterns) {
      if (!all.some(({ id }) => selects(pattern, id)))
        throw new UsageError(`${flag} ${pattern}: no check or requirement has such an id (see: list)`);
    }
  }
  const checks = all.filter(
    ({ id }) =>
      (only.length === 0 || only.some((pattern) => selects(pattern, id))) &&
      !skip.some((pattern) => selects(pattern, id)),
  );
  return {
    checks,
    said: checks.length === all.length ? undefined : `only ${checks.length} of ${all.length} checks were selected`,
  };
}
