import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { testCert, testKey } from "../testing/tls-fixture.ts";
import { type Loaded, loadConfig } from "./load.ts";
import { options } from "./options.ts";
import type { ServerConfig } from "./server-config.ts";

interface Around {
  env?: Record<string, string>;
  files?: Record<string, string>;
}

function load(argv: string[], { env = {}, files = {} }: Around = {}): Loaded {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return text;
  };
  return loadConfig({ argv, env, readFile });
}

function config(argv: string[], around: Around = {}): ServerConfig {
  const loaded = load(argv, around);
  return loaded.action === "run" ? loaded.config : expect.fail(loaded.action);
}

function printed(argv: string[], around: Around = {}): Record<string, unknown> {
  const loaded = load([...argv, "--print-config"], around);
  return loaded.action === "print" ? (JSON.parse(loaded.text) as Record<string, unknown>) : expect.fail(loaded.action);
}

const secret = "0123456789abcdef0123456789abcdef";

describe("sources", () => {
  const file = {
    "a.json": JSON.stringify({ dev: true, "log-level": "warn", "keep-alive": "3s", app: ["f"], profile: "zim" }),
  };

  test("a flag holds before the environment, that before the file, that before the default", () => {
    const env = {
      USERSTATUS_CONFIG: "a.json",
      USERSTATUS_LOG_LEVEL: "debug",
      USERSTATUS_KEEP_ALIVE: "2s",
      USERSTATUS_APP: "e, g",
    };
    const found = config(["--log-level", "error"], { env, files: file });
    expect(found).toMatchObject({ dev: true, logLevel: "error", keepAliveMs: 2_000, drainTimeoutMs: 10_000 });
    expect([found.profile.name, found.auth.apps]).toEqual(["zim", ["e", "g"]]);
    expect(config(["--config", "a.json", "--no-dev", "--jwt-secret", secret], { files: file }).dev).toBe(false);
  });

  test("what has to outlive a restart is kept, save in development", () => {
    expect(config(["--jwt-secret", secret]).data).toBe("userstatus-data");
    expect(config(["--jwt-secret", secret, "--data", ":memory:"]).data).toBeNull();
    expect(config(["--dev"]).data).toBeNull();
    expect(config(["--dev", "--data", "/var/lib/status"]).data).toBe("/var/lib/status");
    expect(() => config(["--dev", "--data="])).toThrow("Expected --data to be a directory, or :memory:");
    expect(printed(["--dev"]).data).toBe(":memory:");
  });

  test("repeated flags add up, and replace those of the file", () => {
    expect(config(["--config=a.json", "--app=x", "--app", "y"], { files: file }).auth.apps).toEqual(["x", "y"]);
  });

  test("variables of other programs are let alone, misspelt ones are not", () => {
    expect(config(["--dev"], { env: { USERSTATUS_URL: "x", USERSTATUS_TOKEN: "y" } }).dev).toBe(true);
    expect(() => load(["--dev"], { env: { USERSTATUS_LISTN: "x" } })).toThrow("did you mean USERSTATUS_LISTEN?");
  });

  test.each([
    [["--lisen", "x"], "There is no option --lisen; did you mean --listen?"],
    [["--quite-another"], "There is no option --quite-another"],
    [["--no-listen"], "There is no option --no-listen; did you mean --listen?"],
    [["--dev", "extra"], 'Expected flags only, got "extra"'],
    [["--listen"], "--listen needs a value: --listen HOST:PORT"],
    [["--listen", "--dev"], "--listen needs a value: --listen HOST:PORT"],
    [["--dev", "--dev"], "--dev is given twice"],
    [["--dev=perhaps"], 'Expected --dev to be true or false, got "perhaps"'],
    [
      ["--dev", "--listen", "nowhere"],
      'Expected --listen to be HOST:PORT such as 127.0.0.1:8080, or "off", got "nowhere"',
    ],
    [
      ["--dev", "--listen", "127.0.0.1:70000"],
      'Expected --listen to be HOST:PORT such as 127.0.0.1:8080, or "off", got "127.0.0.1:70000"',
    ],
    [["--dev", "--listen", "off"], 'Expected --listen to be HOST:PORT, got "off"'],
    [["--dev", "--profile", "zimm"], /^Expected --profile to be one of standard, zim, .*, got "zimm"$/],
    [
      ["--dev", "--keep-alive", "15"],
      'Expected --keep-alive to be a duration such as 500ms, 15s, 5m, 12h or 30d, got "15"',
    ],
    [["--dev", "--keep-alive", "1ms"], "Expected --keep-alive to be from 100ms to 1h, got 1ms"],
    [["--dev", "--max-connections", "0"], 'Expected --max-connections to be a number from 1 to 10000000, got "0"'],
    [["--dev", "--app", "a b"], 'Expected --app to be 1 to 32 letters, digits, _ and -, got "a b"'],
    [
      ["--dev", "--cors-origin", "app.example"],
      'Expected --cors-origin to be an origin such as https://app.example, or *, got "app.example"',
    ],
    [["--dev", "--config", "b.json"], "Expected --config to be a file that can be read, got b.json (ENOENT)"],
    [["--dev", "--config", "list.json"], "Expected list.json to be a JSON object, got another value"],
    [["--dev", "--config", "typo.json"], 'There is no option "lisen" in typo.json; did you mean "listen"?'],
    [["--dev", "--config", "deep.json"], 'Expected "listen" in deep.json to be a single value, got {"port":1}'],
  ])("%j is told in one line", (argv, message) => {
    const files = { "list.json": "[]", "typo.json": '{"lisen": "x"}', "deep.json": '{"listen": {"port": 1}}' };
    const complaint = (() => {
      try {
        load(argv, { files });
      } catch (thrown) {
        return thrown as Error;
      }
      return expect.fail("expected a complaint");
    })();
    expect(complaint.name).toBe("ConfigError");
    expect(complaint.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(complaint.message).not.toContain("\n");
  });
});

describe("addresses", () => {
  const addresses = (argv: string[]) => {
    const { listen, "admin-listen": admin, "testing-listen": testing, "metrics-listen": metrics } = printed(argv);
    return [listen, admin, testing, metrics];
  };

  test("development has its tools on the loopback, production none", () => {
    expect(addresses(["--dev"])).toEqual(["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8081", "off"]);
    expect(addresses(["--jwt-secret", secret])).toEqual(["0.0.0.0:8080", "off", "off", "off"]);
    expect(addresses(["--jwt-secret", secret, "--test-clock"])).toEqual([
      "0.0.0.0:8080",
      "off",
      "127.0.0.1:8081",
      "off",
    ]);
  });

  test("the test clock goes where the admin is, unless told otherwise", () => {
    expect(addresses(["--dev", "--admin-listen", "[::1]:9000"])).toEqual([
      "127.0.0.1:8080",
      "[::1]:9000",
      "[::1]:9000",
      "off",
    ]);
    expect(addresses(["--dev", "--admin-listen", "off"])[2]).toBe("127.0.0.1:8081");
    expect(addresses(["--dev", "--no-test-clock"])[2]).toBe("off");
    expect(addresses(["--dev", "--testing-listen", "off"])[2]).toBe("off");
    expect(() => load(["--jwt-secret", secret, "--testing-listen", ":0"])).toThrow("given with --test-clock");
  });

  test("the tools are not where apps are", () => {
    const clash =
      (...argv: string[]) =>
      () =>
        load(["--dev", ...argv]);
    expect(clash("--admin-listen", "127.0.0.1:8080")).toThrow("to be another address than that of --listen");
    expect(clash("--testing-listen", "127.0.0.1:8080")).toThrow("to be another address than that of --listen");
    expect(clash("--metrics-listen", "127.0.0.1:8081")).toThrow("to be another address than that of --admin-listen");
    expect(config(["--dev", "--listen", ":0", "--admin-listen", ":0"]).listen).toEqual({ host: "0.0.0.0", port: 0 });
  });
});

describe("who may call", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const files = {
    secret: `${secret}\n`,
    pem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    jwks: JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }),
  };

  test("nobody is a mistake", () => {
    expect(() => load([])).toThrow("Nobody could call this server: give --dev to try it out, or one of --jwt-secret,");
  });

  test("each kind of key is read", () => {
    const algorithms = (...argv: string[]) => config(argv, { files }).auth.jwt?.key.algorithms;
    expect(algorithms("--jwt-secret", secret)).toEqual(["HS256"]);
    expect(algorithms("--jwt-secret-file", "secret")).toEqual(["HS256"]);
    expect(algorithms("--jwt-public-key-file", "pem")).toEqual(["ES256"]);
    expect(algorithms("--jwks-file", "jwks")).toEqual(["ES256"]);
    expect(config(["--dev"]).auth).toEqual({ development: true, jwt: null, apps: [] });
  });

  test.each([
    [["--jwt-secret", "short"], "--jwt-secret: Expected the JWT secret to have at least 32 bytes, got 5"],
    [["--jwt-secret", secret, "--jwks-file", "jwks"], "Expected one JWT key, got --jwt-secret and --jwks-file"],
    [["--dev", "--jwt-issuer", "x"], "--jwt-issuer and --jwt-audience need a JWT key, got none"],
    [["--jwks-file", "nowhere"], "Expected --jwks-file to be a file that can be read, got nowhere (ENOENT)"],
  ])("%j", (argv, message) => {
    expect(() => load(argv, { files })).toThrow(message);
  });
});

test("TLS needs a certificate and its key", () => {
  const files = { c: testCert, k: testKey };
  expect(config(["--dev", "--tls-cert", "c", "--tls-key", "k"], { files }).tls).toEqual({
    cert: testCert,
    key: testKey,
  });
  expect(() => load(["--dev", "--tls-cert", "c"], { files })).toThrow("--tls-cert and --tls-key go together");
  expect(() => load(["--dev", "--tls-cert", "k", "--tls-key", "c"], { files })).toThrow(
    "a certificate and its key in PEM",
  );
});

describe("what is printed", () => {
  test("help has every option", () => {
    const help = load(["--help"]);
    if (help.action !== "help") return expect.fail(help.action);
    for (const { name } of options) expect(help.text).toContain(`\n  --${name}`);
    for (const line of help.text.split("\n")) expect(line.length).toBeLessThanOrEqual(112);
  });

  test("version and help ask for nothing else", () => {
    expect(load(["--version"])).toEqual({ action: "version" });
  });

  test("the configuration has every option but those for the command line, and no secret", () => {
    const found = printed(["--jwt-secret", secret, "--set", "query.batch_max=7", "--scale-durations", "0.5"]);
    const names = options.filter((spec) => spec.flagOnly !== true && spec.name !== "config").map((spec) => spec.name);
    expect(Object.keys(found)).toEqual(names);
    expect(JSON.stringify(found)).not.toContain(secret);
    expect(found).toMatchObject({ "jwt-secret": "(secret)", set: ["query.batch_max=7"], "scale-durations": 0.5 });
  });

  test("it can be read again", () => {
    const first = printed(["--dev", "--app", "a", "--session-policy", "single", "--cors-origin", "https://x.example"]);
    expect(printed(["--config", "again.json"], { files: { "again.json": JSON.stringify(first) } })).toEqual(first);
  });
});

describe("a store that several servers share", () => {
  test("takes the place of a directory", () => {
    const store = "redis://:secret@127.0.0.1:6379/2";
    expect(config(["--dev", "--store", store])).toMatchObject({ data: null, store });
    expect(printed(["--dev", "--store", store])).toMatchObject({ store: "redis://***@127.0.0.1:6379/2" });
    expect(config(["--dev"]).store).toBeNull();
  });

  test("is a URL of Redis, beside neither a directory nor what belongs to one; its password is not told", () => {
    expect(config(["--dev", "--store", "redis+cluster://u:p@a:1,b:2"])).toMatchObject({
      store: "redis+cluster://u:p@a:1,b:2",
    });
    expect(printed(["--dev", "--store", "redis+cluster://u:p@a:1,b:2"])).toMatchObject({
      store: "redis+cluster://***@a:1,b:2",
    });
    expect(() => config(["--dev", "--store", "redis+cluster://a:1,b:x"])).toThrow("redis://127.0.0.1:6379");
    expect(() => config(["--dev", "--store", "http://a"])).toThrow("redis://127.0.0.1:6379");
    expect(() => config(["--dev", "--store", "redis://:secret@ x"])).toThrow(/^(?!.*secret)/);
    expect(() => config(["--dev", "--store", "redis://a", "--data", "d"])).toThrow("exclude one another");
    expect(() => config(["--dev", "--store", "redis://a", "--new-epoch"])).toThrow("--new-epoch");
  });
});
