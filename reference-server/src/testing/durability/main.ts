// `npm run durability`: kills the server under load, again and again, and looks whether everything that was acknowledged is there.
// --rounds 200 --users 32 --load 500 (most milliseconds from the first answer to the kill) --seed TEXT, and --faults for a disk that fails.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildFaults, faultsEnv } from "./faults.ts";
import { runRounds } from "./rounds.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    users: { type: "string", default: "32" },
    load: { type: "string", default: "500" },
    faults: { type: "boolean", default: false },
  },
});

const directory = mkdtempSync(join(tmpdir(), "userstatus-durability-"));
try {
  const library = values.faults ? buildFaults(directory) : undefined;
  console.log(`seed ${values.seed}${library === undefined ? "" : ", on a disk that fails"}`);
  const totals = await runRounds({
    command: [process.execPath, "reference-server/dist/main.js"],
    dataDir: join(directory, "data"),
    rounds: Number(values.rounds),
    seed: values.seed,
    actors: Number(values.users),
    loadMaxMs: Number(values.load),
    ...(library === undefined ? {} : { faultsOf: (start: number) => faultsEnv(library, Number(values.seed) + start) }),
    onRound: (round, { acknowledged, lost, half }) => {
      if (round % 10 === 0) console.log(`${round}: acknowledged ${acknowledged}, lost ${lost}, half ${half}`);
    },
  });
  for (const line of totals.wrong) console.log(line);
  const { rounds, acknowledged, lost, half, asAsked, resumed, died, refused } = totals;
  console.log(
    `unanswered and made ${asAsked}, streams that went on ${resumed}, died writing ${died}, refused ${refused}`,
  );
  console.log(`rounds ${rounds}, acknowledged ${acknowledged}, lost ${lost}, half ${half}`);
  process.exitCode = totals.wrong.length > 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
