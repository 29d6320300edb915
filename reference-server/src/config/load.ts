// From command line, environment and files to what the program is to do.
import { createSecureContext } from "node:tls";
import { isAppId } from "../edge/auth/authenticator.ts";
import type { AuthSettings } from "../edge/auth/create.ts";
import { keySet, publicKey, secretKey, type VerificationKey } from "../edge/auth/keys.ts";
import type { TlsFiles } from "../edge/one-port.ts";
import { ConfigError, expected } from "./config-error.ts";
import { createOptionReader, type OptionReader, printedOptions, readAddresses } from "./effective.ts";
import { helpText } from "./help.ts";
import { buildProfile, type SessionPolicy } from "./profile.ts";
import type { ServerConfig } from "./server-config.ts";
import {
  type GivenOptions,
  mergeOptions,
  optionsFromEnvironment,
  optionsFromFile,
  optionsFromFlags,
} from "./sources.ts";
import { addressText, durationText, readDurationMs, readNumber } from "./values.ts";

export interface LoadInput {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; throws if it can't be read. */
  readonly readFile: (path: string) => string;
}

/** What to do. */
export type Loaded =
  | { readonly action: "help"; readonly text: string }
  | { readonly action: "version" }
  | { readonly action: "print"; readonly text: string }
  | { readonly action: "run"; readonly config: ServerConfig };

const inMemory = ":memory:";

/** Throws a ConfigError. */
export function loadConfig({ argv, env, readFile }: LoadInput): Loaded {
  const flags = optionsFromFlags(argv);
  if (flags.has("help")) return { action: "help", text: helpText() };
  if (flags.has("version")) return { action: "version" };
  const read = (path: string, what: string): string => readTextFile(readFile, path, what);
  const aboveFile = mergeOptions(optionsFromEnvironment(env), flags);
  const file = aboveFile.get("config");
  const path = file?.values[0];
  const fromFile = file === undefined || path === undefined ? new Map() : optionsFromFile(read(path, file.from), path);
  const given = mergeOptions(fromFile, aboveFile);
  const config = buildConfig(createOptionReader(given), read);
  if (!flags.has("print-config")) return { action: "run", config };
  return { action: "print", text: `${JSON.stringify(printConfig(given, config), null, 2)}\n` };
}

type ReadText = (path: string, what: string) => string;

function readTextFile(readFile: (path: string) => string, path: string, what: string): string {
  try {
    return readFile(path);
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    throw expected(what, "a file that can be read", `${path} (${typeof code === "string" ? code : String(cause)})`);
  }
}

function buildConfig(options: OptionReader, read: ReadText): ServerConfig {
  const dev = options.switched("dev") ?? false;
  const auth = readAuth(options, dev, read);
  return {
    dev,
    ...readAddresses(options, dev, options.switched("test-clock") ?? dev),
    maxConnections: Math.round(numberOf(options, "max-connections", 1, 10_000_000) ?? 50_000),
    tls: readTls(options, read),
    corsOrigins: readOrigins(options, dev),
    auth,
    profile: readProfile(options, read),
    keepAliveMs: durationOf(options, "keep-alive", 100, 3_600_000) ?? 15_000,
    drainTimeoutMs: durationOf(options, "drain-timeout", 0, 600_000) ?? 10_000,
    logLevel: options.choice("log-level") ?? "info",
    ...readStore(options, dev),
    storeReplicas: readReplicas(options),
    newEpoch: options.switched("new-epoch") ?? false,
  };
}

function readReplicas(options: OptionReader): number {
  const count = Math.round(numberOf(options, "store-replicas", 0, 100) ?? 0);
  if (count > 0 && options.text("store") === undefined) throw new ConfigError("--store-replicas is of --store");
  return count;
}

function readStore(options: OptionReader, dev: boolean): { data: string | null; store: string | null } {
  const store = options.text("store") ?? null;
  if (store === null) return { data: readData(options, dev), store };
  if (options.text("data") !== undefined) throw new ConfigError("--store and --data exclude one another");
  if (options.switched("new-epoch") === true) {
    throw new ConfigError(
      "--new-epoch is of --data: in a store that is shared, one server would take the epoch of all",
    );
  }
  if (!isStoreUrl(store)) {
    throw expected(
      options.from("store"),
      "a URL such as redis://127.0.0.1:6379",
      JSON.stringify(withoutPassword(store)),
    );
  }
  return { data: null, store };
}

/** One server, or any of a cluster's with commas between them. */
function isStoreUrl(store: string): boolean {
  const [, scheme, rest = ""] = /^(rediss?(?:\+cluster)?):\/\/([^/].*)$/.exec(store) ?? [];
  if (scheme === undefined) return false;
  if (!scheme.endsWith("+cluster")) return URL.canParse(store);
  return rest
    .replace(/^[^@]*@/, "")
    .split(",")
    .every((host) => /^[^/:\s]+|^\[/.test(host) && URL.canParse(`redis://${host}`));
}

/** A URL as it may be shown. */
function withoutPassword(url: string): string {
  return url.replace(/^([\w+]+:\/\/)[^@]*@/, "$1***@");
}

/** What is tried out leaves nothing behind, unless it is asked to. */
function readData(options: OptionReader, dev: boolean): string | null {
  const text = options.text("data") ?? (dev ? inMemory : "userstatus-data");
  if (text === "") throw expected(options.from("data"), `a directory, or ${inMemory}`, '""');
  return text === inMemory ? null : text;
}

function numberOf(options: OptionReader, name: string, min: number, max: number): number | undefined {
  const text = options.text(name);
  return text === undefined ? undefined : readNumber(text, options.from(name), min, max);
}

function durationOf(options: OptionReader, name: string, minMs: number, maxMs: number): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const ms = readDurationMs(text, options.from(name));
  if (ms >= minMs && ms <= maxMs) return ms;
  throw expected(options.from(name), `from ${durationText(minMs)} to ${durationText(maxMs)}`, text);
}

function readTls(options: OptionReader, read: ReadText): TlsFiles | undefined {
  const cert = options.text("tls-cert");
  const key = options.text("tls-key");
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new ConfigError("--tls-cert and --tls-key go together, got one of them");
  const files = { cert: read(cert, options.from("tls-cert")), key: read(key, options.from("tls-key")) };
  try {
    createSecureContext(files);
  } catch (cause) {
    throw expected(
      "--tls-cert and --tls-key",
      "a certificate and its key in PEM",
      cause instanceof Error ? cause.message : "",
    );
  }
  return files;
}

function readOrigins(options: OptionReader, dev: boolean): readonly string[] {
  const origins = options.many("cors-origin");
  for (const origin of origins) {
    const well = origin === "*" || (URL.canParse(origin) && new URL(origin).origin === origin);
    if (!well)
      throw expected(
        options.from("cors-origin"),
        "an origin such as https://app.example, or *",
        JSON.stringify(origin),
      );
  }
  return origins.length === 0 && dev ? ["*"] : origins;
}

function readProfile(options: OptionReader, read: ReadText): ServerConfig["profile"] {
  const file = options.text("profile-file");
  const name = options.choice("profile");
  if (file !== undefined && name !== undefined)
    throw new ConfigError("--profile and --profile-file exclude each other, got both");
  return buildProfile({
    base: file === undefined ? { name: name ?? "standard" } : { json: read(file, options.from("profile-file")), file },
    sessionPolicy: options.choice("session-policy") as SessionPolicy | undefined,
    sets: options.many("set"),
    durationScale: numberOf(options, "scale-durations", 0.000_001, 1_000) ?? 1,
  });
}

/** How each kind of key is made from its option. */
const keyKinds: readonly [name: string, isFile: boolean, make: (text: string) => VerificationKey][] = [
  ["jwt-secret", false, secretKey],
  ["jwt-secret-file", true, (text) => secretKey(text.trimEnd())],
  ["jwt-public-key-file", true, publicKey],
  ["jwks-file", true, keySet],
];

function readAuth(options: OptionReader, dev: boolean, read: ReadText): AuthSettings {
  const apps = options.many("app");
  for (const app of apps) {
    if (!isAppId(app)) throw expected(options.from("app"), "1 to 32 letters, digits, _ and -", JSON.stringify(app));
  }
  const used = keyKinds.filter(([name]) => options.text(name) !== undefined);
  if (used.length > 1)
    throw new ConfigError(`Expected one JWT key, got ${used.map(([name]) => options.from(name)).join(" and ")}`);
  const kind = used[0];
  const [issuer, audience] = [options.text("jwt-issuer"), options.text("jwt-audience")];
  if (kind === undefined && (issuer ?? audience) !== undefined) {
    throw new ConfigError("--jwt-issuer and --jwt-audience need a JWT key, got none");
  }
  const jwt = kind === undefined ? null : { key: readKey(options, kind, read), issuer, audience };
  if (jwt === null && !dev) {
    const names = keyKinds.map(([name]) => `--${name}`).join(", ");
    throw new ConfigError(`Nobody could call this server: give --dev to try it out, or one of ${names}`);
  }
  return { development: dev, jwt, apps };
}

function readKey(
  options: OptionReader,
  [name, isFile, make]: (typeof keyKinds)[number],
  read: ReadText,
): VerificationKey {
  const text = options.text(name) ?? "";
  try {
    return make(isFile ? read(text, options.from(name)) : text);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${options.from(name)}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function printConfig(given: GivenOptions, config: ServerConfig): ReturnType<typeof printedOptions> {
  return printedOptions(given, {
    listen: addressText(config.listen),
    "admin-listen": addressText(config.adminListen),
    "testing-listen": addressText(config.testingListen),
    "metrics-listen": addressText(config.metricsListen),
    "max-connections": config.maxConnections,
    "cors-origin": config.corsOrigins,
    ...(given.has("profile-file") ? {} : { profile: given.get("profile")?.values[0] ?? "standard" }),
    "session-policy": given.get("session-policy")?.values[0] ?? null,
    "scale-durations": Number(given.get("scale-durations")?.values[0] ?? 1),
    "keep-alive": durationText(config.keepAliveMs),
    "test-clock": config.testingListen !== null,
    "drain-timeout": durationText(config.drainTimeoutMs),
    "log-level": config.logLevel,
    ...(config.store === null ? { data: config.data ?? inMemory } : { store: withoutPassword(config.store) }),
    "new-epoch": config.newEpoch,
  });
}
