// `npm run proof:client`: the client as it is must pass, and each mutant fail a check of the requirement that it breaks.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { clientMutants } from "../client-mutants/index.ts";
import { type JudgedClient, judgeClient } from "./judge.ts";

const usage = `Usage: npm run proof:client -- [OPTIONS]

Judges the client mode of the suite: the reference client must pass every check, and each mutant of it, one named defect each, fail a check
of the requirement that it breaks. Writes .cache/proof/client.json.

  --only TEXT     mutants whose id has TEXT
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
  const control = await judgeClient(undefined, { jobs: settings.jobs * atOnce, patienceMs: 5_000, rerun: true });
  console.log(
    `${control.id}: ${control.passed.length} passed, ${control.failed.length} failed, ${control.seconds.toFixed(1)} s`,
  );
  for (const text of [...control.failed, ...control.undecided]) console.log(`  WRONG ${text}`);
  const judged: JudgedClient[] = [];
  const waiting = clientMutants.filter(({ id }) => id.includes(only));
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = await judgeClient(mutant, { ...settings, rerun: false });
      judged.push(result);
      say(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const kills = judged.filter(({ failed }) => failed.length > 0).length;
  const wrong = control.failed.length + control.undecided.length;
  const cache = fileURLToPath(new URL("../../../.cache/proof/", import.meta.url));
  mkdirSync(cache, { recursive: true });
  writeFileSync(
    join(cache, "client.json"),
    `${JSON.stringify({ kills, of: judged.length, control, judged }, null, 1)}\n`,
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `kills ${kills}/${judged.length}, false failures ${wrong}/${control.passed.length + wrong}, ${seconds} s`,
  );
  return kills === judged.length && wrong === 0 ? 0 : 1;
}

function say({ id, failed, passed, undecided, seconds }: JudgedClient): void {
  const word = failed.length > 0 ? "killed" : "SURVIVED";
  const by = failed.length > 0 ? `by ${failed.join(", ")}` : `passed ${passed.join(", ")}`;
  console.log(`${word} ${id} ${by} (${seconds.toFixed(1)} s)`);
  for (const text of undecided) console.log(`  undecided ${text}`);
}
