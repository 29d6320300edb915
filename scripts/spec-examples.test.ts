import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRegistry, fromJsonString } from "@bufbuild/protobuf";
import { UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import { TestingService } from "@userstatus/protocol/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerProcess, startServerProcess } from "../test/server-process.ts";
import { type ExampleServer, runExample } from "./example-run.ts";
import { root } from "./spec.ts";
import { type Example, parseExamples } from "./spec-examples.ts";

const spec = readFileSync(join(root, "SPEC.md"), "utf8");
const examples = parseExamples(spec);

/** The reference server in its development mode, one process for each profile. */
const servers = new Map<string, ServerProcess>();

beforeAll(async () => {
  const profiles = [...new Set(examples.map(({ profile }) => profile))];
  const flags = (profile: string): string[] => ["--profile", profile, "--drain-timeout", "1s"];
  const started = await Promise.all(profiles.map((profile) => startServerProcess(flags(profile))));
  for (const [index, profile] of profiles.entries()) servers.set(profile, started[index] as ServerProcess);
}, 60_000);

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
});

function serverOf({ profile }: Example): ExampleServer {
  const { url, adminUrl, testingUrl } = servers.get(profile) as ServerProcess;
  const userToken = (app: string, user: string): string => `dev:${app}:${user}`;
  return { url, adminUrl, testingUrl, userToken, adminToken: (app) => `dev-admin:${app}` };
}

describe("worked examples of SPEC.md", () => {
  it.each(examples.map((example) => [example.title, example] as const))("%s", (_title, example) =>
    runExample(example, serverOf(example)),
  );

  it("cover what Appendix A promises to show", () => {
    const methods = new Set(
      examples.flatMap(({ steps }) => steps.map((step) => (step.kind === "call" ? step.method : step.kind))),
    );
    const wanted = UserStatusService.methods.map(({ name }) => name);
    expect(wanted.filter((name) => !methods.has(name))).toEqual([]);
    expect(methods).toContain("UpdateFeatures");
    expect(methods).toContain("clock");
  });
});

/** A block as it would stand in SPEC.md. */
function block(...lines: readonly string[]): string {
  return ["### X.1 A title", "", "```example zim", ...lines, "```", ""].join("\n");
}

describe("a block", () => {
  const [first] = examples as [Example, ...Example[]];

  it("has a title, a profile and its steps, also over several lines", () => {
    const [example] = parseExamples(
      block("alice: Login {", '  "deviceId": "a"}', "→ ok {…}", "", "clock +1.5s", "alice ← end"),
    );
    expect(example).toMatchObject({ title: "X.1 A title", profile: "zim", line: 3 });
    expect(example?.steps).toEqual([
      {
        line: 4,
        kind: "call",
        who: "alice",
        method: "Login",
        request: { deviceId: "a" },
        answer: { code: "ok", reason: "", json: { "…": null } },
      },
      { line: 8, kind: "clock", ms: 1500 },
      { line: 9, kind: "end", who: "alice" },
    ]);
  });

  it.each([
    ["an unknown form", ["alice waits"], "SPEC.md:4: a line of no known form: alice waits"],
    ["a call without an answer", ["alice: Login {}"], "SPEC.md:4: a call without its answer"],
    ["an answer without a call", ["→ ok {}"], "SPEC.md:4: an answer that follows no call"],
    ["two answers", ["alice: Login {}", "→ ok {}", "→ ok {}"], "SPEC.md:6: an answer that follows no call"],
    ["broken JSON", ["clock +1s", "alice: Login {"], /^SPEC.md:5: .*JSON/],
  ])("is refused for %s", (_what, lines, message) => {
    expect(() => parseExamples(block(...lines))).toThrow(message);
  });

  it("is refused if it has no end", () => {
    expect(() => parseExamples("```example\nclock +1s\n")).toThrow("SPEC.md:1: the example has no end");
  });

  it.each([
    [
      "another answer",
      ["nobody: GetServerInfo {}", '→ ok {"specVersion": "0.9", …}'],
      'SPEC.md:4: specVersion: expected "0.9", got "1.0"',
    ],
    [
      "a refusal that does not come",
      ["nobody: GetServerInfo {}", "→ NOT_FOUND, USER_NOT_FOUND {}"],
      "expected NOT_FOUND, USER_NOT_FOUND, got ok",
    ],
    [
      "a field that the message does not have",
      ['nobody: GetServerInfo {"user": "a"}', "→ ok {…}"],
      /key "user" is unknown/,
    ],
    ["a method that there is not", ["alice: Wave {}", "→ ok {…}"], "UserStatusService has no method Wave"],
    [
      "another event",
      ["given alice watching as $a", 'alice: Logout {"sessionId": "$a"}', "→ ok {…}", 'alice ← {"synced": {}}'],
      /synced: expected/,
    ],
    [
      "an end that does not come",
      [
        "given alice watching as $a",
        'alice: SetCustomStatus {"sessionId": "$a", "customStatus": {"text": "x"}}',
        "→ ok {…}",
        "alice ← end",
      ],
      /expected the end of the Watch, got/,
    ],
    ["a Watch that is not there", ['alice ← {"self": {…}}'], "alice has no Watch"],
  ])("fails on %s", async (_what, lines, message) => {
    const [example] = parseExamples(block(...lines).replace("example zim", "example"));
    await expect(runExample(example as Example, serverOf(first))).rejects.toThrow(message);
  });
});

const files = [UserStatusService, AdminService, TestingService].map(({ file }) => file);
const registry = createRegistry(...files, ...files.flatMap(({ dependencies }) => dependencies), ErrorInfoSchema);

/** What is wrong with the ```json blocks: each names its message, and is one. */
function jsonFaults(markdown: string): string[] {
  return [...markdown.matchAll(/^```json(.*)\n([\s\S]*?)^```$/gm)].flatMap(([, name = "", json = ""]) => {
    const schema = registry.getMessage(name.trim());
    if (schema === undefined) return [`"${name.trim()}" is no message`];
    try {
      fromJsonString(schema, json, { registry });
      return [];
    } catch (cause) {
      return [`${name.trim()}: ${(cause as Error).message}`];
    }
  });
}

describe("json blocks of SPEC.md", () => {
  it("name their message and parse as it", () => {
    expect(spec.match(/^```json/gm)?.length).toBeGreaterThan(1);
    expect(jsonFaults(spec)).toEqual([]);
  });

  it("are found at fault without a message, and with a field that it does not have", () => {
    expect(jsonFaults("```json\n{}\n```")).toEqual(['"" is no message']);
    expect(jsonFaults('```json userstatus.v1.Session\n{"id": 1}\n```')).toEqual([
      expect.stringContaining('key "id" is unknown'),
    ]);
  });
});
