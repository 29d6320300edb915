// The clients: what each needs, how it is built, how it is started. What a build makes lies under .cache/examples; what it
// downloads lies where its own tools keep such things, since they know the mirrors and proxies of the machine.
import { join } from "node:path";
import { root } from "../../scripts/spec.ts";

/** A program that must be there. */
export interface Need {
  readonly program: string;
  readonly versionArgs: readonly string[];
  /** Finds major and minor in what it prints. */
  readonly version: RegExp;
  readonly least: readonly [major: number, minor: number];
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Language {
  readonly name: string;
  /** Protocol and library, for the table. */
  readonly protocol: string;
  readonly needs: readonly Need[];
  /** Where its commands run. */
  readonly dir: string;
  readonly build: readonly Command[];
  /** Starts the client; its options are added. */
  readonly start: Command;
}

const cache = join(root, ".cache/examples");
const dirOf = (name: string): string => join(root, "examples/clients", name);

const go: Language = {
  name: "go",
  protocol: "Connect (connect-go)",
  needs: [{ program: "go", versionArgs: ["version"], version: /go(\d+)\.(\d+)/, least: [1, 26] }],
  dir: dirOf("go"),
  build: [
    { program: "buf", args: ["generate"] },
    { program: "go", args: ["build", "-o", join(cache, "go/client"), "."] },
  ],
  start: { program: join(cache, "go/client"), args: [] },
};

export const languages: readonly Language[] = [go];
