// `npm run examples`: builds the clients of examples/clients, and runs each against each server.
import { type Language, languages } from "./languages.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { runScenario } from "./scenario.ts";
import { type RunningServer, serverKinds, startServer } from "./servers.ts";
import { type Row, tableOf } from "./table.ts";
import { build, missingOf } from "./toolchain.ts";

function pick<T extends { readonly name: string }>(all: readonly T[], names: readonly string[]): readonly T[] {
  const known = all.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; there is ${known.join(", ")}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

async function serversOf(options: Options): Promise<RunningServer[]> {
  if (options.server) return [{ name: options.server.url, ...options.server, stop: async () => {} }];
  const started: RunningServer[] = [];
  for (const kind of pick(serverKinds, options.servers)) started.push(await startServer(kind));
  return started;
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
  const servers = await serversOf(options);
  const rows: Row[] = [];
  try {
    for (const language of chosen) rows.push(...(await rowsOf(language, servers, options)));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  const failed = rows.filter(({ outcome }) => outcome === "failed");
  for (const { language, server, note } of failed) console.log(`${language} against ${server}: ${note}\n`);
  console.log(tableOf(rows));
  const passed = rows.filter(({ outcome }) => outcome === "passed").length;
  console.log(`${passed} passed, ${failed.length} failed, ${rows.length - passed - failed.length} skipped`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
