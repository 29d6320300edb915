// Which runs the main job makes: each published profile, and the session policies that no profile has by itself.
import { profileNames } from "@userstatus/protocol";
import type { ServerCommand } from "./server-process.ts";

export interface JobRun {
  /** For the table and for directories. */
  readonly name: string;
  readonly profile: string;
  readonly serverArgs: readonly string[];
  readonly only?: readonly string[];
}

/** The two policies beside those that the profiles name. */
const policyRuns: readonly JobRun[] = [
  { name: "zim, one session", profile: "zim", serverArgs: ["--session-policy", "single"], only: ["session-*"] },
  {
    name: "tencent-native, many sessions",
    profile: "tencent-native",
    serverArgs: ["--session-policy", "many"],
    only: ["session-*"],
  },
];

/** All runs, or those of the profiles named. */
export function jobRuns(profiles: readonly string[] = profileNames): JobRun[] {
  const whole = profileNames.map((profile): JobRun => ({ name: profile, profile, serverArgs: [] }));
  return [...whole, ...policyRuns].filter(({ profile }) => profiles.includes(profile));
}

const listenArgs = [
  "--dev",
  "--listen",
  "127.0.0.1:0",
  "--admin-listen",
  "127.0.0.1:0",
  "--testing-listen",
  "127.0.0.1:0",
];

/** How the server of a run is started. A command of the caller's gets the same arguments. */
export function serverCommand(run: JobRun, root: string, command: string | undefined): ServerCommand {
  const args = [
    ...listenArgs,
    "--profile",
    run.profile,
    "--keep-alive",
    "2s",
    "--log-level",
    "warn",
    ...run.serverArgs,
  ];
  if (command === undefined)
    return { file: process.execPath, args: ["reference-server/dist/main.js", ...args], cwd: root };
  // `exec`, so that the process to stop is the server and not the shell.
  return { file: "sh", args: ["-c", `exec ${command} "$@"`, "sh", ...args], cwd: root };
}
