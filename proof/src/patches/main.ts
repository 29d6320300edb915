// `npm run proof:patches`: mutants by somebody who wrote none of the checks.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type JudgeOptions, judge } from "../judge.ts";
import { type JudgedPatch, page } from "./page.ts";
import { type Patch, readPatches } from "./patch.ts";
import { patchedCopy, startSources } from "./server.ts";

const usage = `Usage: npm run proof:patches -- [OPTIONS]

Judges the reference server with each patch of proof/patches, one defect each, by the checks of the requirements that it breaks; and first without any, by
all of them. A patch is caught if such a check fails.

  --only TEXT   patches whose name has TEXT
  --publish     write docs/proof/patches.json and patches.md: not with --only
  --workers N   patches at once (2)
  --help

Exit code: 0 all are caught; 1 some are not, or a check fails without any patch; 2 wrong usage.
`;

const root = fileURLToPath(new URL("../../..", import.meta.url));
const settings: JudgeOptions = { seed: "patches", patienceMs: 2500, jobs: 4, rerun: true };

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    publish: { type: "boolean", default: false },
    workers: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(usage);
} else if (values.publish && values.only !== "") {
  console.error(`--publish is of all patches: not with --only\n\n${usage}`);
  process.exitCode = 2;
} else {
  process.exitCode = await main(values.only, Number(values.workers));
}

async function main(only: string, workers: number): Promise<number> {
  const patches = readPatches(root).filter(({ id }) => id.includes(only));
  const wrong = await failuresWithout(patches);
  for (const line of wrong) console.log(`WRONG without a patch: ${line}`);
  const waiting = [...patches];
  const judged: JudgedPatch[] = [];
  const work = async (): Promise<void> => {
    for (let patch = waiting.shift(); patch !== undefined; patch = waiting.shift()) {
      const by = await killersOf(patch);
      judged.push({ ...patch, by });
      console.log(
        `${judged.length}/${patches.length} ${by.length > 0 ? "caught" : "SURVIVED"} ${patch.id} ${by.join(", ")}`,
      );
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  judged.sort((a, b) => (a.id < b.id ? -1 : 1));
  const caught = judged.filter(({ by }) => by.length > 0).length;
  if (values.publish) publish(judged);
  console.log(`caught ${caught}/${judged.length}, wrong without a patch ${wrong.length}`);
  return caught === judged.length && wrong.length === 0 ? 0 : 1;
}

/** Checks that fail though nothing is wrong. */
async function failuresWithout(patches: readonly Patch[]): Promise<string[]> {
  const profiles = [...new Set(patches.map(({ profile }) => profile))];
  const failed: string[] = [];
  for (const profile of profiles) {
    const of = patches.filter((patch) => patch.profile === profile).flatMap(({ requirements }) => requirements);
    const found = await failing(join(root, "reference-server"), profile, of);
    failed.push(...found.map((id) => `${id} (${profile})`));
  }
  return failed;
}

async function killersOf(patch: Patch): Promise<string[]> {
  const folder = join(root, ".cache/patches", patch.id);
  try {
    patchedCopy(root, folder, patch);
    return await failing(folder, patch.profile, patch.requirements);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function failing(folder: string, profile: string, requirements: readonly string[]): Promise<string[]> {
  const hosted = await startSources(root, folder, profile);
  try {
    const only = [...new Set(requirements)].map((requirement) => `${requirement}/*`);
    const { checks } = await judge(hosted, { ...settings, only });
    return checks.filter(({ outcome }) => outcome === "FAIL").map(({ id }) => id);
  } finally {
    await hosted.stop();
  }
}

function publish(judged: readonly JudgedPatch[]): void {
  const folder = join(root, "docs/proof");
  mkdirSync(folder, { recursive: true });
  const rows = judged.map(({ path: _path, ...row }) => row);
  writeFileSync(join(folder, "patches.json"), `${JSON.stringify(rows, null, 1)}\n`);
  writeFileSync(join(folder, "patches.md"), page(judged));
}
