// Which checks of given requirements fail, of sources in a folder.
import { join } from "node:path";
import { commandFrom, judgeClient } from "../client-run/judge.ts";
import { type JudgeOptions, judge } from "../judge.ts";
import type { Patch } from "./patch.ts";
import { startSources } from "./server.ts";

const settings: JudgeOptions = { seed: "patches", patienceMs: 2500, jobs: 4, rerun: true };
const clientSettings = { jobs: 4, patienceMs: 2500, rerun: true };

/** Ids of the checks that fail. Where a check decides nothing it is not among them. */
export async function failing(
  root: string,
  folder: string,
  { of, profile, requirements }: Pick<Patch, "of" | "profile" | "requirements">,
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
