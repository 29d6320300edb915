// Mutants as patches of the sources, by somebody who wrote none of the checks. Each file of `proof/patches` (of the server) and `proof/patches/client` (of the
// client) is a sentence, what it breaks, and a diff.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Patch {
  readonly id: string;
  /** What it changes. */
  readonly of: Part;
  /** What is wrong then, in a sentence. */
  readonly says: string;
  /** A check of one of these has to fail. */
  readonly requirements: readonly string[];
  /** Of the server that is judged; clients have none. */
  readonly profile: string;
  readonly path: string;
}

export type Part = "server" | "client";

export const parts: readonly Part[] = ["server", "client"];

const directories: Readonly<Record<Part, string>> = { server: "proof/patches", client: "proof/patches/client" };

/** In the order of their ids. Throws where a file has not the form. */
export function readPatches(root: string, of: Part): Patch[] {
  const directory = join(root, directories[of]);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".diff"))
    .sort()
    .map((name) => patchOf(join(directory, name), of));
}

function patchOf(path: string, of: Part): Patch {
  const text = readFileSync(path, "utf8");
  const [says = ""] = text.split("\n\n");
  const requirements = lineOf(text, "Requirements")?.split(", ");
  const profile = of === "client" ? "" : lineOf(text, "Profile");
  if (requirements === undefined || profile === undefined) throw new Error(`${path}: no requirements or no profile`);
  return { id: basename(path, ".diff"), of, says, requirements, profile, path };
}

function lineOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1];
}
