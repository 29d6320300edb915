// `compare`: two servers side by side. What sets them apart is one server's fault, or a gap in the specification.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import type { Console } from "../cli/console.ts";
import { addTargetOptions, parseDuration, parseUrl, suiteOptions, type TargetFlags } from "../cli/options.ts";
import { stepText } from "../explore/steps.ts";
import { findGround, type Ground } from "../explore/walk/ground.ts";
import { Unreachable } from "../explore/walk/walk.ts";
import { type SuiteOptions, TargetUnreachable, UsageError } from "../run/options.ts";
import { spoken } from "../units.ts";
import { type Compared, compare, differenceText } from "./compare.ts";

const own = ["Url", "AdminUrl", "TestingUrl", "TokenDev", "TokenSecret", "TokenCommand", "App"] as const;
type Own = { readonly [K in (typeof own)[number] as `a${K}` | `b${K}`]?: string | boolean };

export interface CompareFlags extends Omit<TargetFlags, "url">, Own {
  readonly a?: string;
  readonly b?: string;
  readonly seed?: string;
  readonly budget?: number;
  readonly json?: string;
}

/** Adds the options: those of a run for both, and each with `--a-` or `--b-` for one. */
export function addCompareOptions(command: Command): Command {
  command
    .requiredOption("--a <url>", "base URL of server A", parseUrl)
    .requiredOption("--b <url>", "base URL of server B", parseUrl);
  command
    .option("--seed <text>", "repeats the transcripts of an earlier comparison")
    .option("--budget <duration>", "how long transcripts are begun (default: 30s)", parseDuration)
    .option("--json <file>", "write the differences as JSON; - is standard output")
    .addHelpText(
      "after",
      `
Does the same seeded steps on both servers. What differs is A wrong or B wrong where the model of the specification does not
allow it, else spec silent: both may be so.

Exit codes: 0 nothing is wrong, 1 one of them is, 2 wrong usage, 4 nothing answers, 5 fault of the suite.
`,
    );
  for (const option of addTargetOptions(new Command()).options) if (option.long !== "--url") command.addOption(option);
  for (const side of ["a", "b"]) {
    const name = side.toUpperCase();
    command
      .option(`--${side}-admin-url <url>`, `--admin-url of ${name}`, parseUrl)
      .option(`--${side}-testing-url <url>`, `--testing-url of ${name}`, parseUrl)
      .option(`--${side}-token-dev`, `--token-dev of ${name}`)
      .option(`--${side}-token-secret <secret>`, `--token-secret of ${name}`)
      .option(`--${side}-token-command <command>`, `--token-command of ${name}`)
      .option(`--${side}-app <id>`, `--app of ${name}`);
  }
  return command;
}

/** Exit code: 0 if nothing is wrong, 1 if one of them is. */
export async function compareCommand(flags: CompareFlags, console: Console): Promise<number> {
  const options = [optionsOf(flags, "a"), optionsOf(flags, "b")] as const;
  const seed = flags.seed ?? randomBytes(4).toString("hex");
  const sink = flags.json === "-" ? console.error : console.out;
  const say = (line: string): void => sink.write(`${line}\n`);
  const grounds: Ground[] = [];
  try {
    for (const each of options) grounds.push(await findGround(each));
    const [a, b] = grounds;
    if (a === undefined || b === undefined) throw new UsageError("--a and --b are missing");
    for (const [name, ground] of [
      ["A", a],
      ["B", b],
    ] as const) {
      say(
        `${name}: ${ground.serverName || "a server without a name"} at ${ground.url}, profile ${ground.rules.profile.name}, ${ground.kind.name}`,
      );
      for (const notice of ground.notices) say(`note on ${name}: ${notice}`);
    }
    if (a.rules.profile.name !== b.rules.profile.name) say("note: the profiles differ, and each is judged by its own");
    const result = await compare(a, b, {
      seed,
      budgetMs: flags.budget ?? 30_000,
      differencesMax: 100,
      onDifference: (difference) => say(`\n${differenceText(difference)}`),
    });
    say(`\n${summaryText(result)}, seed ${seed}`);
    const json = (): string => `${JSON.stringify(reportOf(grounds, seed, result), null, 2)}\n`;
    if (flags.json === "-") console.out.write(json());
    else if (flags.json !== undefined) writeFileSync(flags.json, json());
    return result.differences.some(({ blame }) => blame !== "spec silent") ? 1 : 0;
  } catch (error) {
    if (error instanceof Unreachable) throw new TargetUnreachable(`nothing answers any more: ${error.message}`);
    throw error;
  } finally {
    for (const ground of grounds) ground.close();
  }
}

function optionsOf(flags: CompareFlags, side: "a" | "b"): SuiteOptions {
  const given = (name: (typeof own)[number]): string | boolean | undefined => flags[`${side}${name}`];
  const names: readonly [keyof TargetFlags, (typeof own)[number]][] = [
    ["adminUrl", "AdminUrl"],
    ["testingUrl", "TestingUrl"],
    ["app", "App"],
  ];
  const hasTokens = (["TokenDev", "TokenSecret", "TokenCommand"] as const).some((name) => given(name) !== undefined);
  const tokens = hasTokens
    ? { tokenDev: given("TokenDev"), tokenSecret: given("TokenSecret"), tokenCommand: given("TokenCommand") }
    : {};
  const single = Object.fromEntries(
    names.flatMap(([name, key]) => (given(key) === undefined ? [] : [[name, given(key)]])),
  );
  return suiteOptions({ ...flags, ...single, ...tokens, url: flags[side] } as TargetFlags);
}

function summaryText({ transcripts, steps, calls, elapsedMs, differences }: Compared): string {
  const count = (blame: string): number => differences.filter((one) => one.blame === blame).length;
  const blames = ["A wrong", "B wrong", "both wrong", "spec silent"].map((blame) => `${blame} ${count(blame)}`);
  return `${transcripts} transcripts, ${steps} steps, ${calls} calls in ${spoken(elapsedMs)}. Kinds of differences: ${blames.join(", ")}`;
}

function reportOf(grounds: readonly Ground[], seed: string, { differences, ...numbers }: Compared): unknown {
  return {
    comparisonVersion: 1,
    targets: grounds.map(({ url, serverName, rules, kind }) => ({
      url,
      server: serverName,
      profile: rules.profile.name,
      transport: kind.name,
    })),
    seed,
    ...numbers,
    differences: differences.map((one) => ({ ...one, stepTexts: one.steps.map(stepText) })),
  };
}
