// `npm run examples`: builds the clients of examples/clients, and runs each against each server.
import { goServerCommand } from "./go-server.ts";
import { compareServers, judge, judgeRuns } from "./judge.ts";
import { type Language, languages } from "./languages.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { runScenario } from "./scenario.ts";
import { type RunningServer, type ServerKind, serverKinds, startServer } from "./servers.ts";
import { type JudgeRow, judgeTableOf, type Row, tableOf } from "./table.ts";
import { build, missingOf } from "./toolchain.ts";

function pick<T extends { readonly name: string }>(all: readonly T[], names: readonly string[]): readonly T[] {
  const known = all.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; there is ${known.join(", ")}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** Servers that run, and rows of those that could not be built. */
async function serversOf(options: Options): Promise<{ servers: RunningServer[]; rows: Row[] }> {
  if (options.server)
    return { servers: [{ name: options.server.url, ...options.server, stop: async () => {} }], rows: [] };
  const servers: RunningServer[] = [];
  const rows: Row[] = [];
  for (const kind of pick(serverKinds, options.servers)) {
    const fault = await faultOfBuild(kind, options.verbose);
    if (fault === undefined) servers.push(await startServer(kind));
    else rows.push({ language: "–", protocol: "–", server: kind.name, buildMs: undefined, runMs: undefined, ...fault });
  }
  return { servers, rows };
}

async function faultOfBuild(
  { made }: ServerKind,
  verbose: boolean,
): Promise<Pick<Row, "outcome" | "note"> | undefined> {
  if (made === undefined) return undefined;
  const missing = missingOf(made);
  if (missing !== undefined) return { outcome: process.env.CI ? "failed" : "skipped", note: missing };
  return build(made, verbose).then(
    () => undefined,
    (error: unknown) => ({ outcome: "failed", note: String(error) }),
  );
}

/** The Go server under the suite, and beside the reference server if that runs, too. */
async function judgeAll(servers: readonly RunningServer[]): Promise<JudgeRow[]> {
  const [reference, go] = ["reference", "go"].map((wanted) => servers.find(({ name }) => name === wanted));
  if (go === undefined) return [];
  const { busy, waiting } = judgeRuns();
  const waited = judge("go", goServerCommand, waiting);
  const rows: JudgeRow[] = [];
  for (const run of busy) rows.push(await judge("go", goServerCommand, run));
  if (reference) rows.push(await compareServers(reference, go, "20s"));
  return [...rows, await waited];
}

/** Rows of one language, one for each server. */
async function rowsOf(
  language: Language,
  servers: readonly RunningServer[],
  { silence, verbose }: Options,
): Promise<Row[]> {
  const { name, protocol } = language;
  const none = { language: name, protocol, server: "–", buildMs: undefined, runMs: undefined };
  const missing = missingOf(language);
  if (missing !== undefined) return [{ ...none, outcome: process.env.CI ? "failed" : "skipped", note: missing }];
  const startedMs = performance.now();
  try {
    await build(language, verbose);
  } catch (error) {
    return [{ ...none, outcome: "failed", note: String(error) }];
  }
  const buildMs = performance.now() - startedMs;
  const rows: Row[] = [];
  for (const server of servers) {
    const runStartedMs = performance.now();
    const note = await runScenario(
      language,
      server,
      silence,
      (line) => verbose && console.log(`${name}: ${line}`),
    ).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    const runMs = performance.now() - runStartedMs;
    const outcome = note === undefined ? "passed" : "failed";
    rows.push({ language: name, protocol, server: server.name, outcome, buildMs, runMs, ...(note ? { note } : {}) });
  }
  return rows;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const chosen = pick(languages, options.only);
  const { servers, rows } = await serversOf(options);
  const judged: JudgeRow[] = [];
  try {
    if (options.clients) for (const language of chosen) rows.push(...(await rowsOf(language, servers, options)));
    if (options.judge) judged.push(...(await judgeAll(servers)));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  const failed = rows.filter(({ outcome }) => outcome === "failed");
  for (const { language, server, note } of failed) console.log(`${language} against ${server}: ${note}\n`);
  for (const { server, run, note } of judged) if (note !== undefined) console.log(`${server}, ${run}: ${note}\n`);
  if (rows.length > 0) console.log(`${tableOf(rows)}\n`);
  if (judged.length > 0) console.log(`${judgeTableOf(judged)}\n`);
  const outcomes = [...rows, ...judged].map(({ outcome }) => outcome);
  const count = (wanted: Row["outcome"]): number => outcomes.filter((outcome) => outcome === wanted).length;
  console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  return count("failed") > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
