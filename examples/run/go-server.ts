// The server in Go: what it needs, how it is built, how it is started.
import { join } from "node:path";
import { root } from "../../scripts/spec.ts";
import type { Command } from "./languages.ts";
import type { Buildable } from "./toolchain.ts";

const program = join(root, ".cache/examples/server-go/server");

/** Its tests are part of its build. */
export const goServerBuild: Buildable = {
  needs: [{ program: "go", versionArgs: ["version"], version: /go(\d+)\.(\d+)/, least: [1, 26] }],
  dir: join(root, "examples/server-go"),
  build: [
    { program: "buf", args: ["generate"] },
    { program: "go", args: ["vet", "./..."] },
    { program: "go", args: ["test", "./..."] },
    { program: "go", args: ["build", "-o", program, "."] },
  ],
};

/** In development mode on ports of its own. Silence is short, so that what a keep-alive shows is soon seen. */
export function goServerCommand(args: readonly string[]): Command {
  return {
    program,
    args: ["--dev", "--keep-alive", "2s", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", ...args],
  };
}
