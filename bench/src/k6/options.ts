// Options of `npm run bench:k6`.
import { parseArgs } from "node:util";
import { type Script, type Sizes, scripts } from "./scripts.ts";

export interface K6Options {
  readonly scripts: readonly Script[];
  /** Undefined: a reference server is started. */
  readonly url: string | undefined;
  readonly adminUrl: string | undefined;
  readonly app: string;
  readonly tokens: { readonly dev: true } | { readonly secret: string } | { readonly file: string };
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
  --token-dev           tokens of the development mode, dev:APP:USER (default)
  --token-secret TEXT   tokens are JWT (HS256) signed with this secret: app, sub, exp
  --users FILE          ready users, JSON lines: {"id": …, "token": …}; as many as watchers, targets and callers together
  --admin-url URL       base URL of userstatus.admin.v1: users are registered there first (with --token-dev or --token-secret)
  --app ID              the app (default: bench)

How much (defaults by script; --quick: so little that it is over in seconds):
  --watchers N          open Watches                        fanout 200, churn 100, storm 500, soak 100
  --targets N           users who change, or are asked for  50; query, subscribe 200
  --each N              targets that each watcher watches   10
  --rate N              changes, comings or calls a second  fanout 20, churn 10, query 100, subscribe 50, soak 10
  --duration TIME       such as 90s or 10m                  60s; query, subscribe 30s; soak 30m
  --rounds N            of a storm                          3
  --batch N             ids in a call                       query 100, subscribe 50
  --transport WHICH     of unary calls: grpc, connect or both (default: both)
  --watchers-per-vu N   Watches on one connection (default: 10)
  --ramp TIME           until all watchers are there (default: by their number)
  --quick

Judged by:
  --threshold M=EXPR    in place of the script's own, such as 'userstatus_fanout_ms=p(99)<250'; may be repeated

What is left:
  --out DIR             summary.json, k6.json and dashboard.html of each script (default: .cache/k6/out)
  --k6 PATH             the program (default: $K6, .cache/k6/k6, or k6 on the PATH)
  --verbose             what k6 prints, too
  --help

Exit code: 0 all thresholds held; 1 one did not; 2 it could not be run; 3 they held, but k6 was the limit, and the figures say nothing of the server.
`;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

/** Undefined: help was asked for. Throws in words for people. */
export function parseK6Options(args: readonly string[]): K6Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: text,
      "token-dev": flag,
      "token-secret": text,
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
  if (values.help) return undefined;
  const sources = [values["token-dev"], values["token-secret"], values.users].filter(
    (value) => value !== undefined && value !== false,
  );
  if (sources.length > 1) throw new Error("one of --token-dev, --token-secret and --users");
  if (values.users !== undefined && values["admin-url"] !== undefined)
    throw new Error("users of a file are registered: no --admin-url");
  return {
    scripts: chosen(positionals),
    url: values.url?.replace(/\/+$/, ""),
    adminUrl: values["admin-url"]?.replace(/\/+$/, ""),
    app: values.app,
    tokens:
      values.users !== undefined
        ? { file: values.users }
        : values["token-secret"] !== undefined
          ? { secret: values["token-secret"] }
          : { dev: true },
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
