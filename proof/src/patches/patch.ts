// Mutants as patches of the server's sources, by somebody who wrote none of the checks. Each file of `proof/patches` is a sentence, what it breaks, and a diff.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Patch {
  readonly id: string;
  /** What is wrong with the server, in a sentence. */
  readonly says: string;
  /** A check of one of these has to fail. */
  readonly requirements: readonly string[];
  readonly profile: string;
  readonly path: string;
}

export const patchesDirectory = "proof/patches";

/** In the order of their ids. Throws where a file has not the form. */
export function readPatches(root: string): Patch[] {
  const directory = join(root, patchesDirectory);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".diff"))
    .sort()
    .map((name) => patchOf(join(directory, name)));
}

function patchOf(path: string): Patch {
  const text = readFileSync(path, "utf8");
  const [says = ""] = text.split("\n\n");
  const requirements = lineOf(text, "Requirements")?.split(", ");
  const profile = lineOf(text, "Profile");
  if (requirements === undefined || profile === undefined) throw new Error(`${path}: no requirements or no profile`);
  return { id: basename(path, ".diff"), says, requirements, profile, path };
}

function lineOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1];
}
