// `npm run proof:client`: the client as it is must pass, and each mutant fail a check of the requirement that it breaks.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { clientMutants, clientVariants } from "../client-mutants/index.ts";
import { brokenBy, clientOf, type JudgedClient, judgeClient } from "./judge.ts";

const usage = `Usage: npm run proof:client -- [OPTIONS]

Judges the client mode of the suite: the reference client must pass every check, and so must variants of it that are right and unusual; each
mutant, one named defect each, must fail a check of the requirement that it breaks. Writes .cache/proof/client.json.

  --only TEXT     mutants and variants whose id has TEXT (variants: variant/…)
  --at-once N     mutants at once (2)
  --jobs N        checks at once of each (4)
  --patience MS   longest wait for what is due at once (2500)

Exit code: 0 all as it should be; 1 a survivor, or a check that fails the client as it is; 2 wrong usage.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    "at-once": { type: "string", default: "2" },
    jobs: { type: "string", default: "4" },
    patience: { type: "string", default: "2500" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(usage);
} else {
  const settings = { jobs: Number(values.jobs), patienceMs: Number(values.patience) };
  process.exitCode = await main(values.only, Number(values["at-once"]), settings);
}

interface Settings {
  readonly jobs: number;
  readonly patienceMs: number;
}

async function main(only: string, atOnce: number, settings: Settings): Promise<number> {
  const started = performance.now();
  const right = await judgeRight(only, settings.jobs * atOnce);
  const judged: JudgedClient[] = [];
  const waiting = clientMutants.filter(({ id }) => id.includes(only));
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = await judgeClient(clientOf(mutant), { ...settings, rerun: false }, [brokenBy(mutant)]);
      judged.push(result);
      say(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const kills = judged.filter(({ failed }) => failed.length > 0).length;
  const cache = fileURLToPath(new URL("../../../.cache/proof/", import.meta.url));
  mkdirSync(cache, { recursive: true });
  const wrong = right.reduce((sum, { failed, undecided }) => sum + failed.length + undecided.length, 0);
  const all = right.reduce((sum, { passed }) => sum + passed.length, wrong);
  writeFileSync(
    join(cache, "client.json"),
    `${JSON.stringify({ kills, of: judged.length, right, judged }, null, 1)}\n`,
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`kills ${kills}/${judged.length}, false failures ${wrong}/${all}, ${seconds} s`);
  return kills === judged.length && wrong === 0 ? 0 : 1;
}

/** The client as it is, and the unusual ones: whatever fails one of them is wrong. */
async function judgeRight(only: string, jobs: number): Promise<JudgedClient[]> {
  const results: JudgedClient[] = [];
  for (const variant of [undefined, ...clientVariants.filter(({ id }) => id.includes(only))]) {
    const result = await judgeClient(clientOf(variant), { jobs, patienceMs: 5_000, rerun: true });
    results.push(result);
    const { id, passed, failed, seconds } = result;
    console.log(`${id}: ${passed.length} passed, ${failed.length} failed, ${seconds.toFixed(1)} s`);
    for (const text of [...failed, ...result.undecided]) console.log(`  WRONG ${text}`);
  }
  return results;
}

function say({ id, failed, passed, undecided, seconds }: JudgedClient): void {
  const word = failed.length > 0 ? "killed" : "SURVIVED";
  const by = failed.length > 0 ? `by ${failed.join(", ")}` : `passed ${passed.join(", ")}`;
  console.log(`${word} ${id} ${by} (${seconds.toFixed(1)} s)`);
  for (const text of undecided) console.log(`  undecided ${text}`);
}
