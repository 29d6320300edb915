// Where options come from: flags before environment before file. Values are texts here; their meaning is elsewhere.
import { parseArgs } from "node:util";
import { ConfigError, expected, nearest } from "./config-error.ts";
import { envName, type OptionSpec, options } from "./options.ts";

/** The texts of one option, and how the operator calls the place they come from. */
export interface GivenOption {
  readonly values: readonly string[];
  readonly from: string;
}

/** By name of the option. */
export type GivenOptions = ReadonlyMap<string, GivenOption>;

const specByName: ReadonlyMap<string, OptionSpec> = new Map(options.map((spec) => [spec.name, spec]));

/** The later ones hold. */
export function mergeOptions(...sources: readonly GivenOptions[]): GivenOptions {
  return new Map(sources.flatMap((source) => [...source]));
}

/** Reads `--name value`, `--name=value`, `--switch` and `--no-switch`. */
export function optionsFromFlags(argv: readonly string[]): GivenOptions {
  const types = Object.fromEntries(
    options.map((spec) => [spec.name, { type: spec.value === undefined ? "boolean" : "string" } as const]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: types,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, GivenOption>();
  for (const token of tokens) {
    if (token.kind === "positional") throw new ConfigError(`Expected flags only, got ${JSON.stringify(token.value)}`);
    if (token.kind !== "option") continue;
    const { spec, value } = readFlag(token.rawName, token.name, token.value, token.inlineValue === true);
    const before = given.get(spec.name);
    if (before !== undefined && spec.separator === undefined) throw new ConfigError(`--${spec.name} is given twice`);
    given.set(spec.name, { values: [...(before?.values ?? []), value], from: `--${spec.name}` });
  }
  return given;
}

function readFlag(
  rawName: string,
  name: string,
  value: string | undefined,
  inline: boolean,
): { spec: OptionSpec; value: string } {
  const spec = specByName.get(name);
  const negated = spec === undefined && name.startsWith("no-") ? specByName.get(name.slice(3)) : undefined;
  if (negated !== undefined && negated.value === undefined && negated.flagOnly !== true && !inline) {
    return { spec: negated, value: "false" };
  }
  if (spec === undefined) {
    const near = nearest(name, [...specByName.keys()]);
    throw unknownOption(rawName, `--${near}`, near);
  }
  if (spec.value === undefined) return { spec, value: inline ? readSwitch(value ?? "", rawName) : "true" };
  if (value === undefined || (!inline && value.startsWith("--"))) {
    throw new ConfigError(`${rawName} needs a value: ${rawName} ${spec.value}`);
  }
  return { spec, value };
}

function unknownOption(given: string, suggestion: string, found: string | undefined): ConfigError {
  return new ConfigError(`There is no option ${given}${found === undefined ? "" : `; did you mean ${suggestion}?`}`);
}

/** Reads `USERSTATUS_…`. A variable that is almost one of ours is refused as misspelt; others belong to somebody else. */
export function optionsFromEnvironment(env: Readonly<Record<string, string | undefined>>): GivenOptions {
  const byVariable = new Map(
    options.filter((spec) => spec.flagOnly !== true).map((spec) => [envName(spec.name), spec]),
  );
  const given = new Map<string, GivenOption>();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(envName("")) || text === undefined) continue;
    const spec = byVariable.get(variable);
    if (spec === undefined) {
      const near = nearest(
        variable.slice(envName("").length),
        [...byVariable.values()].map(({ name }) => envSuffix(name)),
      );
      if (near !== undefined) throw unknownOption(variable, envName("") + near, near);
      continue;
    }
    const values = spec.separator === undefined ? [text] : text.split(spec.separator).map((part) => part.trim());
    given.set(spec.name, {
      values: normalise(
        spec,
        values.filter((part) => part !== ""),
        variable,
      ),
      from: variable,
    });
  }
  return given;
}

function envSuffix(name: string): string {
  return envName(name).slice(envName("").length);
}

/** Reads the text of a configuration file. */
export function optionsFromFile(text: string, file: string): GivenOptions {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw expected(file, "a JSON object", cause instanceof Error ? cause.message : "something else");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw expected(file, "a JSON object", "another value");
  const known = options.filter((spec) => spec.flagOnly !== true && spec.name !== "config").map((spec) => spec.name);
  const given = new Map<string, GivenOption>();
  for (const [name, value] of Object.entries(json)) {
    const from = `"${name}" in ${file}`;
    const spec = known.includes(name) ? specByName.get(name) : undefined;
    const near = nearest(name, known);
    if (spec === undefined) throw unknownOption(from, `"${near}"`, near);
    // As --print-config writes what is not set, so that its output can be read again.
    if (value === null) continue;
    const values = Array.isArray(value) && spec.separator !== undefined ? value : [value];
    const texts = values.map((each: unknown) => {
      if (typeof each === "string" || typeof each === "number" || typeof each === "boolean") return String(each);
      throw expected(
        from,
        spec.separator === undefined ? "a single value" : "a value or a list of values",
        JSON.stringify(each),
      );
    });
    given.set(name, { values: normalise(spec, texts, from), from });
  }
  return given;
}

function normalise(spec: OptionSpec, values: readonly string[], from: string): readonly string[] {
  return spec.value === undefined ? values.map((text) => readSwitch(text, from)) : values;
}

function readSwitch(text: string, from: string): string {
  if (["true", "1", "yes", "on"].includes(text)) return "true";
  if (["false", "0", "no", "off", ""].includes(text)) return "false";
  throw expected(from, "true or false", JSON.stringify(text));
}
