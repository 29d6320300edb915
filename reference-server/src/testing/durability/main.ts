// `npm run durability`: kills the server under load, again and again, and looks whether everything that was acknowledged is there.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildFaults, faultsEnv } from "./faults.ts";
import { runRounds } from "./rounds.ts";

const usage = `Usage: npm run durability -- [OPTIONS]

Starts the reference server with an embedded store, lets users change everything at once, kills it (SIGKILL) at a moment that is drawn, starts it
again on the same data, and looks whether every change that was answered is there, and none that was not is half there. Linux.

  --rounds N    kills (200; about two seconds each)
  --users N     who change something all the time (32)
  --load MS     most milliseconds from the first answer to the kill (500)
  --faults      on a disk that fails, too: writes that are cut short, fsync that reports an error (needs a C compiler)
  --seed N      a whole number, of all that is drawn (of the time of day; it is told first)
  --help

Exit code: 0 nothing is lost or half there; 1 something is, each told on a line; 2 wrong usage.
`;

const options = {
  rounds: { type: "string", default: "200" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  users: { type: "string", default: "32" },
  load: { type: "string", default: "500" },
  faults: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

function refused(why: string): never {
  process.stderr.write(`${why}\n\n${usage}`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: "rounds" | "seed" | "users" | "load", least: number): number {
  const value = Number(values[name]);
  return Number.isSafeInteger(value) && value >= least ? value : refused(`--${name} is a whole number from ${least}`);
}

const values = read();
if (values.help) {
  process.stdout.write(usage);
  process.exit();
}
const [rounds, seed, users, load] = [whole("rounds", 1), whole("seed", 0), whole("users", 1), whole("load", 1)];

const directory = mkdtempSync(join(tmpdir(), "userstatus-durability-"));
try {
  const library = values.faults ? buildFaults(directory) : undefined;
  console.log(`seed ${seed}${library === undefined ? "" : ", on a disk that fails"}`);
  const totals = await runRounds({
    command: [process.execPath, "reference-server/dist/main.js"],
    dataDir: join(directory, "data"),
    rounds,
    seed: String(seed),
    actors: users,
    loadMaxMs: load,
    ...(library === undefined ? {} : { faultsOf: (start: number) => faultsEnv(library, seed + start) }),
    onRound: (round, { acknowledged, lost, half }) => {
      if (round % 10 === 0) console.log(`${round}: acknowledged ${acknowledged}, lost ${lost}, half ${half}`);
    },
  });
  for (const line of totals.wrong) console.log(line);
  const { acknowledged, lost, half, asAsked, resumed, died } = totals;
  console.log(
    `unanswered and made ${asAsked}, streams that went on ${resumed}, died writing ${died}, refused ${totals.refused}`,
  );
  console.log(`rounds ${totals.rounds}, acknowledged ${acknowledged}, lost ${lost}, half ${half}`);
  process.exitCode = totals.wrong.length > 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
