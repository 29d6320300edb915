// Options of the command line that say what to test and with which means, and what they become.

import { profileNames } from "@userstatus/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import { commandTokens, devTokens, secretTokens, type TokenSource } from "../identity/tokens.ts";
import { readUsersFile } from "../identity/users-file.ts";
import { type Shard, type SuiteOptions, UsageError } from "../run/options.ts";

/** As commander gives them. */
export interface TargetFlags {
  readonly url?: string;
  readonly adminUrl?: string;
  readonly testingUrl?: string;
  readonly tokenDev?: boolean;
  readonly tokenSecret?: string;
  readonly tokenCommand?: string;
  readonly users?: string;
  readonly provisionCommand?: string;
  readonly app?: string;
  readonly profile?: string;
  readonly tier?: "virtual" | "scaled" | "real";
  readonly timeBudget?: number;
  readonly patience?: number;
  readonly transport?: string[];
}

/** Adds what `run` and `doctor` share. */
export function addTargetOptions(command: Command): Command {
  return command
    .option("--url <url>", "base URL of the server, such as http://127.0.0.1:8080", parseUrl)
    .option("--admin-url <url>", "base URL of userstatus.admin.v1", parseUrl)
    .option("--testing-url <url>", "base URL of userstatus.testing.v1 (the test clock)", parseUrl)
    .option("--token-dev", "tokens of the development mode: dev:APP:USER, dev@EXPIRY:APP:USER, dev-admin:APP")
    .option("--token-secret <secret>", 'tokens are JWT (HS256) signed with this secret: app, sub, exp, or role "admin"')
    .option(
      "--token-command <command>",
      "prints a token; gets APP USER ROLE EXPIRES_IN_SECONDS as arguments and in the environment",
    )
    .option(
      "--users <file>",
      'ready users, JSON or JSON lines: {"id": …, "token": …, "fresh": true if never logged in}',
    )
    .option(
      "--provision-command <command>",
      "registers the users whose ids it reads from stdin; exit 0: they are registered",
    )
    .option("--app <id>", "keep to this app (default: one app for each check, where server and tokens allow it)")
    .addOption(
      new Option("--profile <name>", "judge as this published profile: the server must name it").choices([
        ...profileNames,
      ]),
    )
    .addOption(
      new Option("--tier <tier>", "how time passes (default: virtual with a test clock, else real)").choices([
        "virtual",
        "scaled",
        "real",
      ]),
    )
    .option(
      "--time-budget <duration>",
      "longest that a check may really wait, such as 90s or 10m (default: 5m)",
      parseDuration,
    )
    .option("--patience <duration>", "longest wait for one answer or event (default: 5s)", parseDuration)
    .option("--transport <kind>", "keep to this kind of transport, such as grpc-h2; may be repeated", collect);
}

/** What they ask for. Throws UsageError. */
export function suiteOptions(flags: TargetFlags): SuiteOptions {
  if (flags.url === undefined) throw new UsageError("--url is missing");
  const tokens = tokensOf(flags);
  const users = flags.users === undefined ? undefined : usageOf(() => readUsersFile(flags.users ?? ""));
  if (tokens === undefined && users === undefined) {
    throw new UsageError(
      "no way to get tokens: give --token-dev, --token-secret, --token-command, or --users with tokens in it",
    );
  }
  const without = tokens === undefined ? users?.find(({ token }) => token === undefined) : undefined;
  if (without !== undefined)
    throw new UsageError(`--users: ${without.id} has no token, and there is no other way to get one`);
  return {
    url: flags.url,
    adminUrl: flags.adminUrl,
    testingUrl: flags.testingUrl,
    tokens,
    users,
    provisionCommand: flags.provisionCommand,
    app: flags.app,
    profile: flags.profile,
    tier: flags.tier,
    timeBudgetMs: flags.timeBudget,
    patienceMs: flags.patience,
    transports: flags.transport,
  };
}

function tokensOf({ tokenDev, tokenSecret, tokenCommand }: TargetFlags): TokenSource | undefined {
  const given = [tokenDev === true, tokenSecret !== undefined, tokenCommand !== undefined].filter(Boolean).length;
  if (given > 1) throw new UsageError("--token-dev, --token-secret and --token-command exclude each other");
  if (tokenDev === true) return devTokens();
  if (tokenSecret !== undefined) return secretTokens(tokenSecret);
  return tokenCommand === undefined ? undefined : commandTokens(tokenCommand);
}

function usageOf<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UsageError(`--users: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    (url.protocol !== "http:" && url.protocol !== "https:") ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    throw new InvalidArgumentError("must be an http or https URL without a query.");
  }
  return text.replace(/\/+$/, "");
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** `500ms`, `5s`, `10m`, `1h`; a bare number is seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/.exec(text);
  const ms = Number(match?.[1]) * (unitMs[match?.[2] ?? "s"] ?? Number.NaN);
  if (match === null || !(ms > 0) || ms > 30 * 86_400_000)
    throw new InvalidArgumentError("must be a duration such as 500ms, 5s, 10m or 1h.");
  return ms;
}

/** `2/5`: part 2 of 5. */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,3})\/(\d{1,3})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index >= 1 && index <= count))
    throw new InvalidArgumentError("must be a part and how many there are: 1/4 to 4/4.");
  return { index, count };
}

/** 1 to 1000. */
export function parseRepeat(text: string): number {
  const repeat = Number(text);
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > 1000)
    throw new InvalidArgumentError("must be a whole number from 1 to 1000.");
  return repeat;
}

/** Above 0, to 100. */
export function parseScale(text: string): number {
  const scale = Number(text);
  if (!(scale > 0 && scale <= 100)) throw new InvalidArgumentError("must be a number above 0 and up to 100.");
  return scale;
}

/** 1 to 256. */
export function parseJobs(text: string): number {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 256)
    throw new InvalidArgumentError("must be a whole number from 1 to 256.");
  return jobs;
}

export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
