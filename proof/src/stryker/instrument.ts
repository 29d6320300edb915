// Puts every mutant of the core into one build, by Stryker's own instrumenter: each behind a switch, with marks that tell what was run.
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, join } from "node:path";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { cut } from "./cut.ts";
import { type CoreMutant, cacheFile, type Instrumented } from "./instrumented.ts";

const core = "reference-server/src/core";

const never = (): void => {};
const off = (): boolean => false;
const quiet = {
  isTraceEnabled: off,
  isDebugEnabled: off,
  isInfoEnabled: off,
  isWarnEnabled: off,
  isErrorEnabled: off,
  isFatalEnabled: off,
  trace: never,
  debug: never,
  info: never,
  warn: never,
  error: never,
  fatal: never,
};

/** Instruments the core and writes it for the workers. */
export async function instrument(root: string): Promise<Instrumented> {
  const names = globSync("*.ts", { cwd: join(root, core) }).filter((name) => !name.endsWith(".test.ts"));
  const files = names.toSorted().map((name) => ({
    name: join(root, core, name),
    content: readFileSync(join(root, core, name), "utf8"),
    mutate: true,
  }));
  const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: false };
  const found = await new Instrumenter(quiet).instrument(files, options);
  const contents = new Map(files.map(({ name, content }) => [name, content]));
  const mutants = found.mutants.map(
    ({ id, fileName, location, mutatorName, replacement }): CoreMutant => ({
      id,
      file: basename(fileName),
      line: location.start.line + 1,
      column: location.start.column + 1,
      mutator: mutatorName,
      original: cut(contents.get(fileName) ?? "", location),
      replacement,
    }),
  );
  const modules = Object.fromEntries(
    found.files.map(({ name, content }) => [
      basename(name).replace(/\.ts$/, ".js"),
      stripTypeScriptTypes(content).replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"'),
    ]),
  );
  const made = { mutants, modules };
  mkdirSync(join(root, ".cache/stryker"), { recursive: true });
  writeFileSync(join(root, cacheFile), JSON.stringify(made));
  return made;
}
