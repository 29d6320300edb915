// `npm run proof:patches`: mutants by somebody who wrote none of the checks.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packages, patchedCopy } from "./copy.ts";
import { failing } from "./judge.ts";
import { type JudgedPatch, page } from "./page.ts";
import { type Patch, parts, readPatches } from "./patch.ts";

const usage = `Usage: npm run proof:patches -- [OPTIONS]

Judges the reference server with each patch of proof/patches, and the reference client with each of proof/patches/client, one defect each, by the checks of the
requirements that it breaks; and first without any, by all of them. A patch is caught if such a check fails.

  --part PART   server or client (both)
  --only TEXT   patches whose name has TEXT
  --publish     write docs/proof/patches.json and patches.md: not with --part or --only
  --workers N   patches at once (2)
  --help

Exit code: 0 all are caught; 1 some are not, or a check fails without any patch; 2 wrong usage.
`;

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { values } = parseArgs({
  options: {
    part: { type: "string" },
    only: { type: "string", default: "" },
    publish: { type: "boolean", default: false },
    workers: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});

const fault = faultOf(values);
if (values.help) {
  console.log(usage);
} else if (fault !== undefined) {
  console.error(`${fault}\n\n${usage}`);
  process.exitCode = 2;
} else {
  process.exitCode = await main(Number(values.workers));
}

function faultOf({ part, only, publish, workers }: typeof values): string | undefined {
  if (part !== undefined && !parts.some((name) => name === part)) return "--part is server or client";
  if (publish && (part !== undefined || only !== "")) return "--publish is of all patches: not with --part or --only";
  return /^[1-9][0-9]*$/.test(workers) ? undefined : "--workers is a whole number from 1";
}

async function main(workers: number): Promise<number> {
  const patches = parts
    .filter((part) => part === (values.part ?? part))
    .flatMap((part) => readPatches(root, part))
    .filter(({ id }) => id.includes(values.only));
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
  judged.sort(
    (a, b) => patches.findIndex(({ path }) => path === a.path) - patches.findIndex(({ path }) => path === b.path),
  );
  const caught = judged.filter(({ by }) => by.length > 0).length;
  if (values.publish) publish(judged);
  console.log(`caught ${caught}/${judged.length}, wrong without a patch ${wrong.length}`);
  return caught === judged.length && wrong.length === 0 ? 0 : 1;
}

/** Checks that fail though nothing is wrong. */
async function failuresWithout(patches: readonly Patch[]): Promise<string[]> {
  const scenes = new Map(patches.map(({ of, profile }) => [`${of} ${profile}`, { of, profile }]));
  const failed: string[] = [];
  for (const { of, profile } of scenes.values()) {
    const requirements = patches
      .filter((patch) => patch.of === of && patch.profile === profile)
      .flatMap((patch) => patch.requirements);
    const found = await failing(root, join(root, packages[of]), { of, profile, requirements });
    failed.push(...found.map((id) => (profile === "" ? id : `${id} (${profile})`)));
  }
  return failed;
}

async function killersOf(patch: Patch): Promise<readonly string[]> {
  const folder = join(root, ".cache/patches", patch.of, patch.id);
  try {
    patchedCopy(root, folder, patch);
    return await failing(root, folder, patch);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function publish(judged: readonly JudgedPatch[]): void {
  const folder = join(root, "docs/proof");
  mkdirSync(folder, { recursive: true });
  const rows = judged.map(({ path: _path, ...row }) => row);
  writeFileSync(join(folder, "patches.json"), `${JSON.stringify(rows, null, 1)}\n`);
  writeFileSync(join(folder, "patches.md"), page(judged));
}
