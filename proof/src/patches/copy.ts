// Sources with one patch.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Part, Patch } from "./patch.ts";

/** The package of each part. */
export const packages: Readonly<Record<Part, string>> = { server: "reference-server", client: "reference-client" };

/** Copies the sources into the folder, with the patch; throws if it does not apply. */
export function patchedCopy(root: string, folder: string, { id, of, path }: Pick<Patch, "id" | "of" | "path">): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Tests in it would be run as such.
  const filter = (from: string): boolean => !from.includes(".test.");
  for (const name of ["src", "package.json"])
    cpSync(join(root, packages[of], name), join(folder, name), { recursive: true, filter });
  // Two parts of each path in a patch are `a/` and the name of the package.
  const args = ["apply", "-p2", `--directory=${relative(root, folder)}`, path];
  try {
    execFileSync("git", args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const why = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(`the patch ${id} does not apply any more, and has to be written anew: ${why.trim()}`);
  }
}
