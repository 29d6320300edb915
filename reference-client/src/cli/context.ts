// The flags that all commands share, checked and completed.
import { isDeviceId, Platform, PlatformSchema } from "@userstatus/protocol";
import { type NodeTransport, type WireProtocol, wireProtocols } from "../node.ts";
import { createTokenSource, type TokenInput, type TokenSource } from "../token.ts";
import { parseDuration } from "./duration.ts";
import { UsageError } from "./failure.ts";
import { type IdentityFlags, identityName, tokenInput } from "./identity.ts";
import type { Io } from "./io.ts";
import type { Json } from "./output/status.ts";
import { createStateStore, type StateStore, stateDirectory } from "./state-file.ts";

/** Shared flags as the parser gives them. */
export interface SharedFlags extends IdentityFlags {
  readonly url: string;
  readonly protocol: string;
  readonly platform?: string | undefined;
  readonly device?: string | undefined;
  readonly json?: boolean | undefined;
}

/** What every command works with. */
export interface Context {
  readonly io: Io;
  readonly url: string;
  readonly json: boolean;
  readonly platform: Platform;
  /** The flag; commands have defaults of their own. */
  readonly deviceId: string | undefined;
  readonly states: StateStore;
  /** Opens a transport. The command closes it. */
  readonly connect: () => NodeTransport;
  /** The token; throws UsageError where nobody is named. */
  readonly token: () => TokenInput;
  /** A name for whoever calls; throws likewise. */
  readonly identity: () => string;
  /** A new source of the token, for calls outside of a client. */
  readonly tokens: () => TokenSource;
  /** Prints an object to stdout as one line of JSON. */
  readonly printJson: (value: Json) => void;
  /** Prints a note for people to stderr; silent with --json. */
  readonly note: (line: string) => void;
}

/** Device id of commands that go on with one login. */
export const defaultDeviceId = "cli";

const osPlatforms: Readonly<Record<string, Platform>> = {
  win32: Platform.WINDOWS,
  darwin: Platform.MACOS,
  linux: Platform.LINUX,
  android: Platform.ANDROID,
};

/** Names of platforms as flags take them. */
export const platformNames: readonly string[] = PlatformSchema.values
  .filter((value) => value.number !== Platform.UNSPECIFIED)
  .map((value) => flagName(value.localName));

function flagName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

function parsePlatform(text: string | undefined, osPlatform: string): Platform {
  if (text === undefined) return osPlatforms[osPlatform] ?? Platform.OTHER;
  const value = PlatformSchema.values.find(
    ({ localName, number }) => number !== Platform.UNSPECIFIED && flagName(localName) === text,
  );
  if (value === undefined) throw new UsageError(`--platform: one of ${platformNames.join(", ")}`);
  return value.number as Platform;
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError("--url: an address such as http://127.0.0.1:8080");
  }
  return text.replace(/\/+$/, "");
}

/** A ttl flag in milliseconds. Throws UsageError for what is no duration. */
export function parseTtl(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const ttlMs = parseDuration(text);
  if (ttlMs === undefined) throw new UsageError(`${flag}: a duration such as 90s, 15m, 1h30m or 7d`);
  return ttlMs;
}

/** Checks the shared flags. Throws UsageError. */
export function createContext(flags: SharedFlags, io: Io): Context {
  const url = parseUrl(flags.url);
  const protocol = wireProtocols.find((name): name is WireProtocol => name === flags.protocol);
  if (protocol === undefined) throw new UsageError(`--protocol: one of ${wireProtocols.join(", ")}`);
  const { device: deviceId } = flags;
  if (deviceId !== undefined && !isDeviceId(deviceId)) {
    throw new UsageError("--device: 1 to 64 ASCII characters of those that the protocol allows in ids");
  }
  const input = tokenInput(flags, io.env, io.runCommand);
  const json = flags.json === true;
  const token = (): TokenInput => {
    if (input === undefined)
      throw new UsageError(
        "say who you are: --token, --token-command, or --app with --user (USERSTATUS_TOKEN works too)",
      );
    return input;
  };
  return {
    io,
    url,
    json,
    platform: parsePlatform(flags.platform, io.osPlatform),
    deviceId,
    states: createStateStore(stateDirectory(io.env)),
    connect: () => io.connect(url, protocol),
    token,
    identity: () => identityName(flags, token()),
    tokens: () => createTokenSource(token()),
    printJson: (value) => io.out(JSON.stringify(value)),
    note: (line) => {
      if (!json) io.err(line);
    },
  };
}
