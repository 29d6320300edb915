// Where k6 is.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface Places {
  readonly option: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string;
}

/** Undefined: nowhere. Throws if the one that was named is none. */
export function findK6({ option, env, root }: Places): string | undefined {
  const named = option ?? (env.K6 || undefined);
  if (named !== undefined) {
    if (!canRun(named))
      throw new Error(`${named}, named by ${option === undefined ? "$K6" : "--k6"}, is no program that can be run`);
    return named;
  }
  const onPath = (env.PATH ?? "").split(delimiter).map((directory) => join(directory, "k6"));
  return [join(root, ".cache/k6/k6"), ...onPath].find(canRun);
}

export const howToInstall: string =
  "k6 is missing: `npm run bench:k6:install` builds it with Go (1.26 or later, some minutes), or see https://grafana.com/docs/k6/latest/set-up/install-k6/";

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
