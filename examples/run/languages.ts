// The clients: what each needs, how it is built, how it is started. What a build makes lies under .cache/examples; what it
// downloads lies where its own tools keep such things, since they know the mirrors and proxies of the machine.
import { delimiter, join } from "node:path";
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
  /** A file that it makes; where that is there, the command is left out. */
  readonly makes?: string;
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

const venv = join(cache, "python/venv");
const python = join(venv, "bin/python");

const pythonClient: Language = {
  name: "python",
  protocol: "gRPC (grpcio)",
  needs: [{ program: "python3", versionArgs: ["--version"], version: /Python (\d+)\.(\d+)/, least: [3, 10] }],
  dir: dirOf("python"),
  build: [
    { program: "python3", args: ["-m", "venv", venv], makes: python },
    {
      program: python,
      args: ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"],
    },
    { program: python, args: ["generate.py"] },
  ],
  start: { program: python, args: ["client.py"] },
};

const javaOut = join(cache, "java");

const java: Language = {
  name: "java",
  protocol: "gRPC (grpc-java)",
  needs: [
    { program: "javac", versionArgs: ["-version"], version: /javac (\d+)\.(\d+)/, least: [17, 0] },
    { program: "mvn", versionArgs: ["--version"], version: /Maven (\d+)\.(\d+)/, least: [3, 6] },
  ],
  dir: dirOf("java"),
  build: [{ program: "mvn", args: ["-B", "-q", `-Dtarget.directory=${javaOut}`, "process-classes"] }],
  start: {
    program: "java",
    args: ["-cp", [join(javaOut, "classes"), join(javaOut, "dependency/*")].join(delimiter), "example.Client"],
  },
};

const rust: Language = {
  name: "rust",
  protocol: "gRPC (tonic)",
  needs: [{ program: "cargo", versionArgs: ["--version"], version: /cargo (\d+)\.(\d+)/, least: [1, 88] }],
  dir: dirOf("rust"),
  build: [{ program: "cargo", args: ["build", "--quiet", "--locked"], env: { CARGO_TARGET_DIR: join(cache, "rust") } }],
  start: { program: join(cache, "rust/debug/userstatus-example"), args: [] },
};

const web = (name: string, protocol: string, flags: readonly string[]): Language => ({
  name,
  protocol,
  needs: [],
  dir: dirOf("web"),
  // The types are looked at by the project's own checks; tsx strips them.
  build: [],
  start: {
    program: process.execPath,
    args: ["--conditions=@userstatus/source", "--import", "tsx", "main.ts", ...flags],
  },
});

export const languages: readonly Language[] = [
  go,
  pythonClient,
  java,
  rust,
  web("web", "Connect, JSON (connect-web)", []),
  web("web-grpc", "gRPC-Web (connect-web)", ["--protocol", "grpc-web"]),
];
