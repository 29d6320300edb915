// Options of `npm run bench:k6`.
import { parseArgs } from "node:util";
import { type Script, type Sizes, scripts } from "./scripts.ts";

export interface TokenOptions {
  readonly dev?: true;
  readonly secret?: string;
  readonly command?: string;
  /** Of ready users; those without a token get one by the others. */
  readonly file?: string;
}

export interface K6Options {
  readonly scripts: readonly Script[];
  /** Undefined: a reference server is started. */
  readonly url: string | undefined;
  readonly adminUrl: string | undefined;
  readonly app: string;
  readonly tokens: TokenOptions;
  /** Certificates are not looked at. */
  readonly insecure: boolean;
  /** Of the reference server that is started. */
  readonly profile: string | undefined;
  readonly sizes: Partial<Sizes>;
  readonly quick: boolean;
  readonly transports: readonly ("grpc" | "connect")[];
  readonly thresholds: Readonly<Record<string, readonly string[]>>;
  readonly rampS: number | undefined;
  readonly watchersPerVu: number | undefined;
  readonly out: string | undefined;
  readonly k6: string | undefined;
  readonly verbose: boolean;
}

export const usage = `Usage: npm run bench:k6 -- SCRIPT [OPTIONS]

Loads a server of the User Status Protocol with k6, and says how it held out, whether anything was lost, and whether k6 itself was the limit.

Scripts:
${scripts.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join("\n")}
  all        each of them, one after the other

Where, and as whom:
  --url URL             base URL of the server (default: a reference server is started for the run)
  --profile NAME        of the reference server that is started (default: standard)
  --token-dev           tokens of the development mode, dev:APP:USER (default)
  --token-secret TEXT   tokens are JWT (HS256) signed with this secret: app, sub, exp
  --token-command LINE  prints a token; gets APP USER ROLE EXPIRES_IN_SECONDS as arguments and in the environment
  --users FILE          ready users, JSON or JSON lines: {"id": …, "token": …}; tokens that are not there are made as above
  --admin-url URL       base URL of userstatus.admin.v1, where the users of the run are registered first
  --insecure            takes any certificate
  --app ID              the app (default: bench)

How much, with what is usual:
  --watchers N          open Watches                        fanout 200, churn 100, storm 500, soak 100
  --targets N           users who change, or are asked for  50, or as many as the rate needs; query, subscribe 200
  --each N              targets that each watcher watches   10
  --rate N              changes, comings or calls a second  fanout 20, churn, storm, soak 10, query 100, subscribe 50, soak 20
  --duration TIME       such as 90s or 10m                  60s; query, subscribe 30s; soak 30m
  --rounds N            of a storm                          3
  --batch N             ids in a call                       query 100, subscribe 50
  --transport WHICH     of unary calls: grpc, connect or both (default: both)
  --watchers-per-vu N   Watches on one connection (default: 10)
  --ramp TIME           until all watchers are there (default: by their number)
  --quick               so little that it is over in seconds: whether it works, not how fast

Judged by:
  --threshold M=EXPR    in place of the script's own, such as 'userstatus_fanout_ms=p(99)<250'; may be repeated

What is left:
  --out DIR             summary.json, k6.json and dashboard.html of each script (default: .cache/k6/out)
  --k6 PATH             the program (default: $K6, .cache/k6/k6, or k6 on the PATH)
  --verbose             what k6 prints, too
  --help                with a script: what it does and what its figures mean

Exit code: 0 all thresholds held; 1 one did not; 2 it could not be run; 3 they held, but k6 was the limit, and the figures say nothing of the server.
`;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

/** What `--help` shows of one script. */
export function scriptUsage({ name, summary, more, thresholds }: Script): string {
  const held = Object.entries(thresholds).flatMap(([metric, all]) => all.map((one) => `  ${metric}: ${one}`));
  return `npm run bench:k6 -- ${name}: ${summary}\n\n${more}\n\nHeld to, unless --threshold says else:\n${held.join("\n")}\n`;
}

/** A text: help was asked for. Throws in words for people. */
export function parseK6Options(args: readonly string[]): K6Options | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: text,
      "token-dev": flag,
      "token-secret": text,
      "token-command": text,
      insecure: flag,
      profile: text,
      users: text,
      "admin-url": text,
      app: { ...text, default: "bench" },
      watchers: text,
      targets: text,
      each: text,
      rate: text,
      duration: text,
      rounds: text,
      batch: text,
      transport: { ...text, default: "both" },
      "watchers-per-vu": text,
      ramp: text,
      quick: flag,
      threshold: { ...text, multiple: true, default: [] },
      out: text,
      k6: text,
      verbose: flag,
      help: flag,
    },
  });
  if (values.help) {
    const shown = positionals.length === 1 && positionals[0] !== "all" ? chosen(positionals)[0] : undefined;
    return shown === undefined ? usage : scriptUsage(shown);
  }
  const { "token-dev": dev, "token-secret": secret, "token-command": command, users: file } = values;
  if ([dev || undefined, secret, command].filter((value) => value !== undefined).length > 1)
    throw new Error("--token-dev, --token-secret and --token-command exclude each other");
  if (values.url !== undefined) checkUrl("url", values.url);
  if (values.url !== undefined && values.profile !== undefined)
    throw new Error("--profile is for the reference server that is started where no --url is given");
  return {
    scripts: chosen(positionals),
    url: values.url?.replace(/\/+$/, ""),
    adminUrl: values["admin-url"]?.replace(/\/+$/, ""),
    app: values.app,
    tokens: {
      ...(dev ? { dev } : {}),
      ...(secret === undefined ? {} : { secret }),
      ...(command === undefined ? {} : { command }),
      ...(file === undefined ? {} : { file }),
    },
    insecure: values.insecure,
    profile: values.profile,
    sizes: {
      ...count("watchers", values.watchers),
      ...count("targets", values.targets),
      ...count("each", values.each),
      ...count("rate", values.rate),
      ...count("rounds", values.rounds),
      ...count("batch", values.batch),
      ...(values.duration === undefined ? {} : { durationS: seconds("duration", values.duration) }),
    },
    quick: values.quick,
    transports: transportsOf(values.transport),
    thresholds: thresholdsOf(values.threshold),
    rampS: values.ramp === undefined ? undefined : seconds("ramp", values.ramp),
    watchersPerVu:
      values["watchers-per-vu"] === undefined ? undefined : positive("watchers-per-vu", values["watchers-per-vu"]),
    out: values.out,
    k6: values.k6,
    verbose: values.verbose,
  };
}

function chosen(names: readonly string[]): readonly Script[] {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) throw new Error("name one script (--help lists them)");
  if (name === "all") return scripts;
  const found = scripts.filter((script) => script.name === name);
  if (found.length === 0)
    throw new Error(`no script ${name}; there is ${scripts.map((script) => script.name).join(", ")}, all`);
  return found;
}

function checkUrl(name: string, value: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/")
    throw new Error(`--${name} ${value}: expected a base URL such as http://127.0.0.1:8080`);
}

function count(name: keyof Sizes, value: string | undefined): Partial<Sizes> {
  return value === undefined ? {} : { [name]: positive(name, value) };
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0 || (name !== "rate" && !Number.isInteger(number)))
    throw new Error(`--${name} ${value}: expected a number above 0`);
  return number;
}

const unitS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

function seconds(name: string, value: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? [];
  const total = Number(number) * (unitS[unit as keyof typeof unitS] ?? Number.NaN);
  if (!(total > 0)) throw new Error(`--${name} ${value}: expected a time such as 90s or 10m`);
  return total;
}

function transportsOf(which: string): readonly ("grpc" | "connect")[] {
  if (which === "both") return ["grpc", "connect"];
  if (which === "grpc" || which === "connect") return [which];
  throw new Error(`--transport ${which}: expected grpc, connect or both`);
}

function thresholdsOf(given: readonly string[]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const one of given) {
    const [, metric, expression] = /^([\w{}:,.-]+)=(.+)$/.exec(one) ?? [];
    if (metric === undefined || expression === undefined)
      throw new Error(
        `--threshold ${one}: expected a metric and an expression, such as userstatus_fanout_ms=p(99)<250`,
      );
    all[metric] = [...(all[metric] ?? []), expression];
  }
  return all;
}
