// The table of options. Flags, environment, configuration file, --help and --print-config all come from it.
import { profileNames } from "@userstatus/protocol";

export interface OptionSpec {
  /** As a flag without its dashes; also the key in the configuration file. */
  readonly name: string;
  /** What stands for the value in --help; undefined: a switch that takes none. */
  readonly value?: string;
  /** The values that there are. */
  readonly choices?: readonly string[];
  /** May be given several times; in the environment separated by this. */
  readonly separator?: string;
  /** Never printed. */
  readonly secret?: boolean;
  /** For the command line only. */
  readonly flagOnly?: boolean;
  /** The default, for people. */
  readonly fallback?: string;
  readonly help: string;
}

export interface OptionGroup {
  readonly title: string;
  readonly options: readonly OptionSpec[];
}

/** Name, placeholder, help, and what else holds. */
function option(name: string, value: string | undefined, help: string, more: Partial<OptionSpec> = {}): OptionSpec {
  return { name, ...(value === undefined ? {} : { value }), help, ...more };
}

const addresses: OptionGroup = {
  title: "Addresses",
  options: [
    option(
      "listen",
      "HOST:PORT",
      "Where apps reach the server. Port 0: the system chooses; the first line on stdout tells.",
      {
        fallback: "0.0.0.0:8080; with --dev 127.0.0.1:8080",
      },
    ),
    option("admin-listen", "HOST:PORT|off", "Where an app's backend reaches the admin service.", {
      fallback: "off; with --dev 127.0.0.1:8081",
    }),
    option(
      "testing-listen",
      "HOST:PORT|off",
      "Where tests reach the test clock; may be the address of --admin-listen.",
      {
        fallback: "off; with --test-clock or --dev as --admin-listen, else 127.0.0.1:8081",
      },
    ),
    option("metrics-listen", "HOST:PORT|off", "Where Prometheus reads /metrics, without TLS.", { fallback: "off" }),
    option("max-connections", "N", "Most open connections of each listener.", { fallback: "50000" }),
    option("tls-cert", "FILE", "Certificate chain in PEM. With it every listener but that of metrics speaks TLS."),
    option("tls-key", "FILE", "Its private key in PEM."),
    option(
      "cors-origin",
      "ORIGIN",
      "Origin of web pages that may call, such as https://app.example; * is any. Repeatable.",
      {
        separator: ",",
        fallback: "none; with --dev any",
      },
    ),
  ],
};

const callers: OptionGroup = {
  title: "Who may call",
  options: [
    option(
      "dev",
      undefined,
      "Development: whoever says dev:APP:USER as bearer token is that user. Never for production.",
    ),
    option("app", "APP", "An app that is served. Repeatable. If it is one, tokens need not name it.", {
      separator: ",",
      fallback: "any app that a good token names",
    }),
    option(
      "jwt-secret",
      "TEXT",
      "Secret of HS256 tokens, at least 32 bytes. Others see it here: rather the file or the environment.",
      {
        secret: true,
      },
    ),
    option("jwt-secret-file", "FILE", "File with that secret; white space at its end does not count."),
    option(
      "jwt-public-key-file",
      "FILE",
      "Public key of the issuer in PEM: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA).",
    ),
    option("jwks-file", "FILE", "JSON Web Key Set with the issuer's public keys."),
    option("jwt-issuer", "TEXT", "The `iss` that tokens must have.", { fallback: "not looked at" }),
    option("jwt-audience", "TEXT", "The `aud` that tokens must have.", { fallback: "not looked at" }),
  ],
};

const behaviour: OptionGroup = {
  title: "Behaviour",
  options: [
    option("profile", "NAME", "A published profile: limits and behaviours.", {
      choices: profileNames,
      fallback: "standard",
    }),
    option("profile-file", "FILE", "A profile of your own, in ProtoJSON, in place of --profile."),
    option("session-policy", "NAME", "How many sessions of a user live at once: one, one on each platform, or many.", {
      choices: ["single", "per-platform", "many"],
      fallback: "the profile's",
    }),
    option(
      "set",
      "PATH=VALUE",
      "Changes a value of the profile, such as liveness[0].lease=2s. No VALUE: unset. Repeatable.",
      {
        separator: ";",
        fallback: "nothing",
      },
    ),
    option("scale-durations", "FACTOR", "Multiplies every duration of the profile; for tests.", { fallback: "1" }),
    option("keep-alive", "DURATION", "Longest silence of a notification stream.", { fallback: "15s" }),
    option("test-clock", undefined, "Offers a clock that tests move. Never for production.", {
      fallback: "off; with --dev on",
    }),
  ],
};

const running: OptionGroup = {
  title: "Running",
  options: [
    option(
      "data",
      "DIR|:memory:",
      "Directory in which everything is kept that must outlive a restart; made where it is missing. :memory: keeps nothing.",
      { fallback: "./userstatus-data; with --dev :memory:" },
    ),
    option(
      "store",
      "redis://HOST:PORT",
      "Keeps everything in a Redis (7 or later) that several servers share, in place of --data; rediss:// for TLS, redis://:PASSWORD@HOST:PORT/DB; redis+cluster://HOST:PORT,HOST:PORT for a Redis Cluster.",
      { fallback: "--data" },
    ),
    option(
      "store-replicas",
      "COUNT",
      "Answers a change when so many replicas of the Redis have it, too: a replica that takes over then has all that was answered. Costs a round trip between them.",
      { fallback: "0" },
    ),
    option(
      "new-epoch",
      undefined,
      "Gives every app a new epoch at the start: for the first start after a backup was put back, so that clients forget what came after it.",
    ),
    option("drain-timeout", "DURATION", "How long a shutdown waits for open calls.", { fallback: "10s" }),
    option("log-level", "LEVEL", "How much is logged, on stderr; debug shows each call.", {
      choices: ["silent", "fatal", "error", "warn", "info", "debug", "trace"],
      fallback: "info",
    }),
    option("config", "FILE", 'JSON object with options by the names above, such as {"app": ["a", "b"], "dev": true}.'),
    option("print-config", undefined, "Prints the options in effect as JSON, without secrets, and ends.", {
      flagOnly: true,
    }),
    option("help", undefined, "Prints this and ends.", { flagOnly: true }),
    option("version", undefined, "Prints the version and ends.", { flagOnly: true }),
  ],
};

export const optionGroups: readonly OptionGroup[] = [addresses, callers, behaviour, running];

export const options: readonly OptionSpec[] = optionGroups.flatMap((group) => group.options);

/** Such as `USERSTATUS_LISTEN`. */
export function envName(name: string): string {
  return `USERSTATUS_${name.toUpperCase().replaceAll("-", "_")}`;
}
