// The command line against a scripted service: arguments, exit codes, what is printed where.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { publishedProfile, WatchEndReason } from "@userstatus/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFakeIo, type FakeIo } from "../testing/fake-io.ts";
import { refusal } from "../testing/fake-service.ts";

let cli: FakeIo;

beforeEach(async () => {
  cli = await createFakeIo();
  cli.fake.script({
    queryStatuses: ({ userIds }) => ({
      epoch: "E1",
      results: userIds.map((userId) => ({
        userId,
        result:
          userId === "nobody"
            ? { case: "error" as const, value: { reason: "USER_NOT_FOUND" } }
            : {
                case: "status" as const,
                value: { userId, revision: 4n, onlineStatus: 1, customStatus: { text: "hi\u001b[31m" } },
              },
      })),
    }),
    subscribe: ({ userIds }) => ({
      epoch: "E1",
      results: userIds.map((userId) => ({
        userId,
        result: {
          case: "subscribed" as const,
          value: { subscription: { userId, generation: 1n }, status: { userId, onlineStatus: 2 } },
        },
      })),
    }),
  });
});

afterEach(async () => {
  expect(cli.openTransports()).toBe(0);
  await cli.cleanUp();
});

const callNames = (): string[] => cli.fake.calls.map((call) => call.name);
const jsonOut = (): unknown[] => cli.out.map((line) => JSON.parse(line) as unknown);
const stateFiles = async (): Promise<string[]> =>
  await readdir(join(cli.io.env.XDG_STATE_HOME ?? "", "userstatus")).catch(() => []);

describe("wrong usage", () => {
  it.each([
    ["an unknown flag", ["query", "--frob", "bob"], "unknown option '--frob'", "Usage: userstatus query"],
    ["an unknown command", ["frob"], "unknown command 'frob'", "Usage: userstatus"],
    ["no users", ["query"], "missing required argument 'users'", "Usage: userstatus query"],
    ["a user id that is none", ["query", "white space"], 'not a user id: "white space"', "Usage: userstatus query"],
    ["nobody", ["--bare", "query", "bob"], "say who you are", "Usage: userstatus query"],
    ["two identities", ["query", "bob", "--token", "t"], "give one of --token", "Usage: userstatus query"],
    [
      "half an identity",
      ["--bare", "query", "bob", "--user", "x"],
      "--app and --user go together",
      "Usage: userstatus query",
    ],
    ["a bad ttl", ["set", "x", "--ttl", "soon"], "--ttl: a duration", "Usage: userstatus set"],
    ["neither text nor clear", ["set"], "give a text, or --clear", "Usage: userstatus set"],
    ["text and clear", ["set", "x", "--clear"], "give a text, or --clear", "Usage: userstatus set"],
    ["neither users nor all", ["unsubscribe"], "give users, or --all", "Usage: userstatus unsubscribe"],
    [
      "a bad protocol",
      ["query", "bob", "--protocol", "smtp"],
      "Allowed choices are connect, grpc, grpc-web",
      "Usage: userstatus",
    ],
    ["a bad address", ["query", "bob", "--url", "ftp://x"], "--url: an address", "Usage: userstatus query"],
    ["a bad device", ["query", "bob", "--device", "a b"], "--device:", "Usage: userstatus query"],
    [
      "a ttl without a text",
      ["login", "--status-ttl", "1h"],
      "--status-ttl goes with --status",
      "Usage: userstatus login",
    ],
    ["an argument too many", ["info", "what"], "too many arguments", "Usage: userstatus info"],
    ["nothing", ["--bare"], "", "Usage: userstatus"],
  ])("%s: exit 2 with the usage on stderr", async (_what, args, message, usage) => {
    expect(await cli.run(...args)).toBe(2);
    expect(cli.err.join("\n")).toContain(message);
    expect(cli.err.join("\n")).toContain(usage);
    expect(cli.out).toEqual([]);
    expect(cli.fake.calls).toEqual([]);
  });

  it("help is no fault, and teaches by examples", async () => {
    expect(await cli.run("--help")).toBe(0);
    expect(cli.out.join("\n")).toContain("Exit codes:");
    for (const name of ["login", "set", "query", "subscribe", "unsubscribe", "list", "watch", "info"]) {
      cli.out.length = 0;
      expect(await cli.run(name, "--help")).toBe(0);
      expect(cli.out.join("\n")).toMatch(new RegExp(`Usage: userstatus ${name}[^]*Examples:\n {2}userstatus`));
    }
  });
});

describe("failures", () => {
  it("a refusal: exit 1, reason and message on stderr", async () => {
    cli.fake.script({
      setCustomStatus: () => Promise.reject(refusal("CUSTOM_STATUS_TOO_LONG", { limit: "64", vendor_code: "6000281" })),
    });
    expect(await cli.run("set", "x")).toBe(1);
    expect(cli.err.at(-1)).toBe(
      "userstatus: CUSTOM_STATUS_TOO_LONG: refused: CUSTOM_STATUS_TOO_LONG (limit=64, vendor_code=6000281)",
    );
    expect(cli.out).toEqual([]);
  });

  it("an unreachable server: exit 4, one line", async () => {
    cli.fake.script({
      getServerInfo: () => Promise.reject(new ConnectError("connect ECONNREFUSED", Code.Unavailable)),
    });
    for (const args of [["query", "bob"], ["login"], ["watch"], ["info"]]) {
      cli.err.length = 0;
      expect(await cli.run(...args, "--url", "http://127.0.0.1:1")).toBe(4);
      expect(cli.err).toEqual(["userstatus: can't reach http://127.0.0.1:1: connect ECONNREFUSED"]);
    }
  });

  it("a server's text can't act on the terminal", async () => {
    cli.fake.script({ setCustomStatus: () => Promise.reject(new ConnectError("no\u001b[2J\nno", Code.Internal)) });
    expect(await cli.run("set", "x")).toBe(1);
    expect(cli.err.at(-1)).toBe("userstatus: Internal: no\\u{1b}[2J no");
  });
});

describe("one login for many commands", () => {
  it("logs in once, remembers it, and says what others see", async () => {
    expect(await cli.run("query", "bob")).toBe(0);
    expect(callNames()).toEqual(["getServerInfo", "login", "queryStatuses"]);
    expect(cli.fake.calls[1]?.request).toMatchObject({ deviceId: "cli", platform: 4 });
    expect(cli.fake.calls[2]?.token).toBe("dev:demo:alice");
    expect(cli.err.join("\n")).toContain("logged in: others see me online until the lease of 75 s ends (device cli)");
    cli.fake.calls.length = 0;
    cli.err.length = 0;
    expect(await cli.run("set", "hello")).toBe(0);
    expect(callNames()).toEqual(["getServerInfo", "heartbeat", "setCustomStatus"]);
    expect(cli.err).toEqual([]);
  });

  it("logs in anew when that session is over", async () => {
    await cli.run("query", "bob");
    cli.fake.script({ heartbeat: () => Promise.reject(refusal("SESSION_ENDED", { end_reason: "KICKED" })) });
    cli.fake.calls.length = 0;
    expect(await cli.run("query", "bob")).toBe(0);
    expect(callNames()).toEqual(["getServerInfo", "heartbeat", "login", "queryStatuses"]);
  });

  it("keeps apart users, devices and servers", async () => {
    await cli.run("query", "bob");
    await cli.run("query", "bob", "--device", "d2");
    await cli.run("query", "bob", "--url", "http://other:1");
    await cli.run("--bare", "--token", "secret", "query", "bob");
    await cli.run("--bare", "--token-command", "issue", "query", "bob");
    expect(cli.fake.count("login")).toBe(5);
    expect(await stateFiles()).toHaveLength(5);
    expect(cli.fake.calls.at(-1)?.token).toBe("issue-printed");
  });

  it("--logout ends it and forgets it", async () => {
    expect(await cli.run("set", "bye", "--logout")).toBe(0);
    expect(callNames()).toEqual(["getServerInfo", "login", "setCustomStatus", "logout"]);
    expect(await stateFiles()).toEqual([]);
  });

  it("takes the token of the environment where no flag says who calls", async () => {
    const other = await createFakeIo({ USERSTATUS_TOKEN: "from-env", USERSTATUS_URL: "http://env:2/" });
    other.fake.script({ listSubscriptions: () => ({ epoch: "E1" }) });
    expect(await other.run("--bare", "list", "--protocol", "grpc")).toBe(0);
    expect(other.fake.calls.at(-1)?.token).toBe("from-env");
    expect(other.connections).toEqual([{ url: "http://env:2", protocol: "grpc" }]);
    await other.cleanUp();
  });
});

describe("output", () => {
  it("a table for people, with what strangers wrote made safe", async () => {
    expect(await cli.run("query", "bob", "nobody")).toBe(1);
    expect(cli.out).toEqual([
      "USER    STATUS          PLATFORMS  CUSTOM STATUS  UNTIL  SINCE",
      "bob     online          -          hi\\u{1b}[31m   -      -",
      "nobody  USER_NOT_FOUND  -          -              -      -",
    ]);
  });

  it("one JSON object per line for programs, and nothing else", async () => {
    expect(await cli.run("query", "bob", "nobody", "--json")).toBe(1);
    expect(jsonOut()).toMatchObject([
      { userId: "bob", status: { onlineStatus: "ONLINE" }, error: null },
      { userId: "nobody", status: null, error: { reason: "USER_NOT_FOUND" } },
    ]);
    expect(cli.err).toEqual([]);
    cli.out.length = 0;
    expect(await cli.run("subscribe", "bob", "--ttl", "1h", "--json")).toBe(0);
    expect(jsonOut()).toMatchObject([
      { userId: "bob", status: { onlineStatus: "OFFLINE" }, subscription: { generation: "1" }, error: null },
    ]);
    expect(cli.fake.calls.at(-1)?.request).toMatchObject({ ttl: { seconds: 3_600n } });
    cli.out.length = 0;
    cli.fake.script({
      unsubscribe: () => ({
        endedUserIds: ["bob"],
        failures: [{ userId: "nobody", error: { reason: "USER_NOT_FOUND" } }],
      }),
    });
    expect(await cli.run("unsubscribe", "bob", "nobody", "--json")).toBe(1);
    expect(jsonOut()).toMatchObject([
      { userId: "bob", ended: true, error: null },
      { userId: "nobody", ended: false },
    ]);
    cli.out.length = 0;
    expect(await cli.run("login", "--once", "--json")).toBe(0);
    expect(jsonOut()).toMatchObject([
      { sessionId: "S1", epoch: "E1", leaseMs: 75_000, self: { status: { userId: "me" } } },
    ]);
  });

  it("info in words and as ProtoJSON, without a token", async () => {
    expect(await cli.run("--bare", "info")).toBe(0);
    expect(cli.out).toContain("Profile                 standard");
    expect(cli.out.join("\n")).toMatch(/^web +30 s +75 s +15 s +offline +30 d$/m);
    expect(cli.out.join("\n")).toMatch(/^QueryStatuses +60 in 10 s +plan, user status$/m);
    cli.out.length = 0;
    expect(await cli.run("--bare", "info", "--json")).toBe(0);
    expect(jsonOut()).toMatchObject([{ specVersion: "1.0", profile: { name: "standard", query: { batchMax: 500 } } }]);
    expect(cli.fake.calls[0]?.token).toBe("");
  });
});

describe("commands that stay", () => {
  it("login prints what happens, logs out at Ctrl-C, and is gone on with by others meanwhile", async () => {
    const running = cli.run("login", "--status", "here");
    await cli.printed("CONNECTED     LOGIN_SUCCEEDED");
    await cli.printed("07:11:03Z  me  online");
    await cli.printed("logged in as me on device cli (linux)");
    expect(await cli.run("set", "hello")).toBe(0);
    expect(cli.fake.count("login")).toBe(1);
    cli.interrupt();
    expect(await running).toBe(0);
    expect(cli.fake.count("logout")).toBe(1);
    expect(cli.out.at(-1)).toMatch(/DISCONNECTED {2}LOGGED_OUT/);
    expect(await stateFiles()).toEqual([]);
  });

  it("login that is kicked: exit 1 with the reason", async () => {
    const running = cli.run("login", "--json");
    await cli.printed("loggedIn");
    cli.fake.watch().send({ case: "watchEnd", value: { reason: WatchEndReason.KICKED } });
    cli.fake.watch().close();
    expect(await running).toBe(1);
    expect(cli.err.at(-1)).toMatch(/^userstatus: KICKED_OUT: /);
    expect(jsonOut().at(-1)).toMatchObject({
      event: "connectionStateChanged",
      state: "DISCONNECTED",
      cause: "KICKED_OUT",
      ownStatus: "logged-out",
    });
    expect(cli.fake.count("logout")).toBe(0);
  });

  it("login whose place is taken leaves the session to the other", async () => {
    const running = cli.run("login");
    await cli.printed("CONNECTED");
    cli.fake.watch().send({ case: "watchEnd", value: { reason: WatchEndReason.REPLACED } });
    cli.fake.watch().close();
    expect(await running).toBe(1);
    expect(cli.fake.count("logout")).toBe(0);
    expect(await stateFiles()).toHaveLength(1);
  });

  it("watch subscribes, prints what stands and then changes, and logs out", async () => {
    const running = cli.run("watch", "bob");
    await cli.printed("SINCE");
    expect(cli.fake.calls.find((call) => call.name === "login")?.request).toMatchObject({ deviceId: "cli" });
    cli.fake.watch().send({
      case: "status",
      value: { userId: "bob", revision: 9n, onlineStatus: 1, customStatus: { text: "back" } },
    });
    await cli.printed("back");
    cli.fake.watch().send({ case: "subscriptionEnded", value: { userId: "bob", generation: 1n, reason: 2 } });
    await cli.printed("subscription ended: EVICTED");
    cli.interrupt();
    expect(await running).toBe(0);
    expect(cli.out.find((line) => line.includes("back"))).toBe(
      "07:11:03Z  bob               online      -             back",
    );
    expect(cli.fake.count("logout")).toBe(1);
  });

  it("watch has a device of its own where a user may have several, and renews rows that run out", async () => {
    const profile = publishedProfile("standard");
    if (profile === undefined) throw new Error("no profile");
    cli.fake.script({ getServerInfo: () => ({ claims: ["multi_session"], profile }) });
    const expired = { case: "subscriptionEnded", value: { userId: "bob", generation: 1n, reason: 1 } } as const;
    const running = cli.run("watch", "bob", "--json");
    await cli.printed('"statusChanged"');
    expect(cli.fake.calls.find((call) => call.name === "login")?.request).toMatchObject({
      deviceId: "cli-watch-i00000",
    });
    cli.fake.watch().send(expired);
    await cli.printed('"reason":"EXPIRED"');
    cli.interrupt();
    expect(await running).toBe(0);
    expect(cli.fake.count("subscribe")).toBe(2);
  });

  it("watch keeps to a ttl that was asked for", async () => {
    const running = cli.run("watch", "bob", "--ttl", "90s", "--json");
    await cli.printed('"statusChanged"');
    expect(cli.fake.calls.at(-1)?.request).toMatchObject({ ttl: { seconds: 90n } });
    cli.fake.watch().send({ case: "subscriptionEnded", value: { userId: "bob", generation: 1n, reason: 1 } });
    await cli.printed('"reason":"EXPIRED"');
    cli.interrupt();
    expect(await running).toBe(0);
    expect(cli.fake.count("subscribe")).toBe(1);
  });

  it("watch of nobody who is there: exit 1, and logged out", async () => {
    cli.fake.script({
      subscribe: () => ({
        epoch: "E1",
        results: [{ userId: "nobody", result: { case: "error", value: { reason: "USER_NOT_FOUND" } } }],
      }),
    });
    expect(await cli.run("watch", "nobody")).toBe(1);
    expect(cli.err).toContain("userstatus: nobody: USER_NOT_FOUND");
    expect(cli.fake.count("logout")).toBe(1);
  });

  it("a refused connect is told once", async () => {
    cli.fake.script({ login: () => Promise.reject(refusal("TOKEN_INVALID")) });
    expect(await cli.run("login")).toBe(1);
    expect(cli.err).toEqual(["userstatus: TOKEN_INVALID: refused: TOKEN_INVALID"]);
  });
});
