// Which checks of given requirements fail, of sources in a folder.
import { join } from "node:path";
import { commandFrom, judgeClient } from "../client-run/judge.ts";
import { type JudgeOptions, judge } from "../judge.ts";
import type { Patch } from "./patch.ts";
import { startSources } from "./server.ts";

const settings: JudgeOptions = { seed: "patches", patienceMs: 2500, jobs: 4, rerun: true };
/** Of clients; checks that a right one passes wait no longer for it. */
const clientSettings = { jobs: 4, patienceMs: 2500, rerun: true };

export type Judged = Pick<Patch, "of" | "profile" | "requirements">;

export async function failing(
  root: string,
  folder: string,
  { of, profile, requirements }: Judged,
): Promise<readonly string[]> {
  const only = [...new Set(requirements)].map((requirement) => `${requirement}/*`);
  if (of === "client") {
    const command = commandFrom(join(folder, "src/driver/main.ts"));
    return (await judgeClient({ id: folder, command }, clientSettings, only)).failed;
  }
  const hosted = await startSources(root, folder, profile);
  try {
    const { checks } = await judge(hosted, { ...settings, only });
    return checks.filter(({ outcome }) => outcome === "FAIL").map(({ id }) => id);
  } finally {
    await hosted.stop();
  }
}
