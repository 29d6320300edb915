import { expect, test } from "vitest";
import { keptConsole } from "../testing/quiet-console.ts";
import { startYesServer } from "../testing/yes-server.ts";
import { main } from "./program.ts";

async function call(...args: string[]) {
  const console = keptConsole();
  const code = await main(args, console);
  return { code, out: console.outText(), error: console.errorText() };
}

test("wrong usage ends with 2 and says what is wrong", async () => {
  const wrong: [args: string[], said: RegExp][] = [
    [["--bogus"], /unknown option '--bogus'/],
    [["run"], /--url is missing/],
    [["run", "--url", "ftp://x", "--token-dev"], /must be an http or https URL/],
    [["run", "--url", "http://127.0.0.1:1"], /no way to get tokens/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--token-secret", "s"], /exclude each other/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--jobs", "0"], /whole number from 1 to 256/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--patience", "soon"], /must be a duration/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--profile", "nobody"], /Allowed choices/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--only", "no-such-*"], /--only no-such-\*/],
    [["run", "--url", "http://127.0.0.1:1", "--users", "/no/such/file"], /can't read the users file/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--shard", "3/2"], /1\/4 to 4\/4/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--repeat", "0"], /whole number from 1 to 1000/],
    [["run", "--url", "http://127.0.0.1:1", "--token-dev", "--known-failures", "/no/such"], /--known-failures/],
    [["client"], /goes behind --\nUsage: userstatus-conformance client/],
    [["client", "--protocol", "smtp", "--", "node"], /--protocol is one of connect, grpc, grpc-web, got smtp/],
    [["client", "--known-failures", "/no/such", "--", "node"], /--known-failures/],
    [["explain", "sub-capp"], /there is sub-/],
    [["list", "nothing-*"], /no check or requirement/],
  ];
  for (const [args, said] of wrong) {
    const { code, error } = await call(...args);
    expect(error).toMatch(said);
    expect(code).toBe(2);
  }
});

test("an address that does not answer ends with 4, in one line", async () => {
  const { code, error } = await call("run", "--url", "http://127.0.0.1:1", "--token-dev", "--only", "sync-own");
  expect(code).toBe(4);
  expect(error.trim().split("\n")).toHaveLength(1);
  expect(error).toContain("http://127.0.0.1:1");
});

test("a command that gives no client ends with 4, and says why", async () => {
  const { code, error } = await call("client", "--", "node", "-e", "process.exit(7)");
  expect(code).toBe(4);
  expect(error).toContain("exit code 7");
});

test("help teaches by examples and ends with 0", async () => {
  const { code, out } = await call("--help");
  expect(code).toBe(0);
  expect(out).toContain("Examples:");
  expect(out).toContain("Exit codes:");
});

test("list and explain need no server", async () => {
  const json = await call("list", "sync-own", "--json");
  const entries = JSON.parse(json.out) as { id: string; requirement: string; level: string; section: string }[];
  expect(entries.length).toBeGreaterThan(0);
  expect(entries[0]).toMatchObject({ requirement: "sync-own", level: "MUST", section: "12" });
  const { out } = await call("explain", "rev-order/every-stream");
  expect(out).toContain("On one stream the revisions of a target MUST never go down");
  const client = (await call("explain", "client-fold")).out;
  expect(client).toContain("An obligation of clients");
  expect(client).toContain("client-fold/late-answer");
  expect((await call("client", "--list", "--only", "client-batches")).out).toContain("3 checks of 1 requirements");
});

test("a run writes the report to standard output, and everything else to the other one", async () => {
  const server = await startYesServer({ plausible: true });
  try {
    const args = [
      "run",
      "--url",
      server.url,
      "--token-dev",
      "--only",
      "query-empty",
      "--patience",
      "200ms",
      "--json",
      "-",
    ];
    const { code, out, error } = await call(...args);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      verdict: "VERDICT_NON_CONFORMANT",
      profile: "standard",
      partial: [expect.stringContaining("were selected")],
    });
    expect(error).toContain("NON_CONFORMANT (partial)");
    expect(error).toContain("FAIL query-empty/");
  } finally {
    await server.close();
  }
});

test("doctor tells what a run would find", async () => {
  const server = await startYesServer({ plausible: true });
  try {
    const { code, out } = await call("doctor", "--url", server.url, "--token-dev");
    expect(code).toBe(3);
    expect(out).toMatch(/^profile +standard$/m);
    expect(out).toMatch(/^login +works$/m);
    expect(out).toMatch(/connect-proto-h1 +answered/);
    expect(out).toMatch(/grpc-h2 +silent/);
    expect(out).toContain("needs the admin service (--admin-url)");
  } finally {
    await server.close();
  }
});
