// Which runs the main job makes: each published profile, and the session policies that no profile has by itself.
import { profileNames } from "@userstatus/protocol";
import type { ServerCommand } from "./server-process.ts";

export interface JobRun {
  /** For the table and for directories. */
  readonly name: string;
  readonly profile: string;
  readonly serverArgs: readonly string[];
  readonly only?: readonly string[];
  /** What it keeps its state in: a directory of its own, or nothing. */
  readonly store: StoreKind;
}

export type StoreKind = "memory" | "embedded";
export const storeKinds: readonly StoreKind[] = ["memory", "embedded"];

/** The two policies beside those that the profiles name. */
const policyRuns: readonly JobRun[] = [
  {
    name: "zim, one session",
    profile: "zim",
    serverArgs: ["--session-policy", "single"],
    only: ["session-*"],
    store: "memory",
  },
  {
    name: "tencent-native, many sessions",
    profile: "tencent-native",
    serverArgs: ["--session-policy", "many"],
    only: ["session-*"],
    store: "memory",
  },
];

/** One profile on the durable store, beside all of them in memory: its rules are the same code. */
const durableRun: JobRun = { name: "standard, durable", profile: "standard", serverArgs: [], store: "embedded" };

/** What a quick look judges: our own profile, and the vendor's that differs from it most. */
export const briefProfiles: readonly string[] = ["standard", "zim"];

export interface RunSelection {
  /** Default: all that are published. */
  readonly profiles?: readonly string[] | undefined;
  /** All runs on this store. Default: in memory, and one beside on the durable one. */
  readonly store?: StoreKind | undefined;
  /** Of the whole profiles only `briefProfiles`, in memory; the session policies as ever. */
  readonly brief?: boolean | undefined;
}

/** The runs of a main job. */
export function jobRuns({ profiles = profileNames, store, brief = false }: RunSelection = {}): JobRun[] {
  const whole = profileNames.map((profile): JobRun => ({ name: profile, profile, serverArgs: [], store: "memory" }));
  const of = [...whole.filter(({ name }) => !brief || briefProfiles.includes(name)), ...policyRuns].filter(
    ({ profile }) => profiles.includes(profile),
  );
  if (store !== undefined) return of.map((run) => ({ ...run, store }));
  return !brief && profiles.includes(durableRun.profile) ? [...of, durableRun] : of;
}

export interface ServerPlace {
  /** Where it keeps its state; undefined: it is not told. */
  readonly dataDir?: string | undefined;
  /** Where it listens: as it did before. Absent: the system chooses. */
  readonly url?: string | undefined;
  readonly adminUrl?: string | undefined;
}

function listenArgs({ url, adminUrl }: ServerPlace): string[] {
  const at = (before: string | undefined): string => (before === undefined ? "127.0.0.1:0" : new URL(before).host);
  return ["--dev", "--listen", at(url), "--admin-listen", at(adminUrl), "--testing-listen", at(adminUrl)];
}

/** How the server of a run is started. A command of the caller's gets the same arguments. */
export function serverCommand(
  run: JobRun,
  root: string,
  command: string | undefined,
  place: ServerPlace = {},
): ServerCommand {
  const args = [
    ...listenArgs(place),
    ...(place.dataDir === undefined ? [] : ["--data", place.dataDir]),
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
