import { fileURLToPath } from "node:url";
import { findRequirement } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { failureText } from "../../report/failure-text.ts";
import { toHtml } from "../../report/html.ts";
import { fromJsonText, toJsonText } from "../../report/json.ts";
import { toMarkdown } from "../../report/markdown.ts";
import { summaryText } from "../../report/summary.ts";
import type { Attempt } from "../../run/execute.ts";
import { TargetUnreachable, UsageError } from "../../run/options.ts";
import type { ClientCheck } from "../check.ts";
import { clientChecks } from "../checks/index.ts";
import type { Hello } from "../contract/contract.ts";
import { attemptClientCheck } from "./attempt.ts";
import { planClientRun } from "./plan.ts";
import { buildClientReport } from "./report.ts";
import { type ClientResult, concludeClient } from "./runner.ts";
import { runClientSuite } from "./suite.ts";

const hello: Hello = { contract: 1, client: "sample", version: "1.2", protocols: ["connect", "grpc"], ops: ["query"] };
const listener = { planned: () => {}, started: () => {}, finished: () => {} };
const check = (id: string, more: Partial<ClientCheck> = {}): ClientCheck => ({
  id,
  title: `looks at ${id}`,
  run: async () => undefined,
  ...more,
});
const attempt = (result: Attempt["result"], more: Partial<Attempt> = {}): Attempt => ({
  result,
  transport: "grpc",
  durationMs: 10,
  unreachable: false,
  entries: [],
  ...more,
});
const failure = { what: "the text", expected: '"a"', got: "</script><b>", exchange: ["line"] };

test("every check has an id of its own, and names an obligation of clients; every obligation has a check", () => {
  const ids = clientChecks.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(findRequirement(id.split("/")[0] ?? "")?.part).toBe("client");
  const judged = new Set(ids.map((id) => id.split("/")[0]));
  expect(judged.size).toBe(14);
});

test("checks take turns among protocols, run over each where that matters, and not at all without their commands", () => {
  const checks = [
    check("client-fold/a"),
    check("client-fold/b"),
    check("client-unknown/c", { everyProtocol: true }),
    check("client-batches/d", { ops: ["unsubscribe", "query"] }),
  ];
  const plan = (everyProtocol: boolean): string[] =>
    planClientRun({ checks, hello, protocols: hello.protocols, everyProtocol }).map(
      (job) => `${job.check.id} ${job.protocol ?? job.skip}`,
    );
  const skipped = "client-batches/d the client has no command unsubscribe";
  expect(plan(false)).toEqual([
    "client-fold/a connect",
    "client-fold/b grpc",
    "client-unknown/c connect",
    "client-unknown/c grpc",
    skipped,
  ]);
  expect(plan(true)).toHaveLength(7);
});

test("a failure is believed when it came twice; a SHOULD that fails is a warning; what was skipped says nothing", () => {
  const job = { check: check("client-fold/a"), protocol: "grpc" } as const;
  const outcomeOf = (...attempts: Attempt[]): string => concludeClient(job, attempts).outcome;
  expect(outcomeOf(attempt("PASS"))).toBe("PASS");
  expect(outcomeOf(attempt("FAIL", { failure }), attempt("FAIL", { failure }))).toBe("FAIL");
  expect(outcomeOf(attempt("FAIL", { failure }), attempt("PASS"))).toBe("FLAKY");
  expect(outcomeOf(attempt("INCONCLUSIVE"), attempt("INCONCLUSIVE"))).toBe("NOT_TESTABLE");
  expect(outcomeOf(attempt("ERROR", { reason: "the client's program: no JSON" }))).toBe("ERROR");
  expect(concludeClient({ ...job, check: check("client-state/a") }, [attempt("FAIL", { failure })]).outcome).toBe(
    "WARN",
  );
  expect(concludeClient({ ...job, protocol: undefined, skip: "none" }, []).outcome).toBe("NOT_APPLICABLE");
});

const command = ["node", "my driver.js", "</script>"];

function reportOf(...results: ClientResult[]) {
  const startedAt = new Date(0);
  const protocols = hello.protocols;
  return buildClientReport({
    ...{ command, hello, protocols, results, startedAt },
    ...{ durationMs: 1234, notices: [], selection: undefined },
  });
}

test("the report scores obligations of clients only, says how to see a failure again, and comes back from JSON as it was", () => {
  const pass = concludeClient({ check: check("client-epoch/a"), protocol: "connect" }, [attempt("PASS")]);
  const fail = concludeClient({ check: check("client-fold/a"), protocol: "grpc" }, [attempt("FAIL", { failure })]);
  const report = reportOf(fail, pass);
  expect(report.verdict).toBe("NON_CONFORMANT");
  expect(report.requirements.filter(({ scored }) => scored).map(({ id }) => id)).toEqual([
    "client-fold",
    "client-epoch",
  ]);
  expect(report.requirements.find(({ id }) => id === "sub-cap")?.why).toBe("an obligation of servers");
  expect(fromJsonText(toJsonText(report))).toEqual(report);
  const [first] = report.checks;
  const text = first?.runs[0] === undefined ? "" : failureText(report, first, first.runs[0]);
  expect(text).toContain(
    "userstatus-conformance client --only 'client-fold/a' --protocol grpc -v -- node 'my driver.js' '</script>'",
  );
  expect(summaryText(report)).toContain("client sample 1.2 over connect, grpc");
  expect(toHtml(report)).not.toContain("</script>'");
  expect(toMarkdown(report)).toContain("sample 1.2 at <code>node 'my driver.js'");
  expect(reportOf(pass).verdict).toBe("CONFORMANT");
});

const faulty = fileURLToPath(new URL("../../testing/clients/faulty.mjs", import.meta.url));
const settingsOf = (fault: string) => ({ command: ["node", faulty, fault], patienceMs: 1_000, timeoutScale: 1 });

test("a fault of the driver is an ERROR, the end of the client a FAIL", async () => {
  const [snapshot] = clientChecks;
  if (snapshot === undefined) throw new Error("no checks");
  const request = { check: snapshot, protocol: "connect", hello } as const;
  const fault = await attemptClientCheck({ ...request, settings: settingsOf("no-json") });
  expect(fault).toMatchObject({ result: "ERROR", reason: expect.stringContaining("the client's program: a line") });
  const end = await attemptClientCheck({ ...request, settings: settingsOf("ends") });
  expect(end).toMatchObject({ result: "FAIL", failure: { got: expect.stringContaining("exit code 3") } });
});

test("a command that gives no client, and options that fit nothing, are told before anything is run", async () => {
  await expect(runClientSuite({ command: ["/no/such/program"] }, listener)).rejects.toBeInstanceOf(TargetUnreachable);
  await expect(runClientSuite({ command: [] }, listener)).rejects.toBeInstanceOf(UsageError);
  const client = ["node", faulty, "silent"];
  await expect(runClientSuite({ command: client, protocols: ["grpc"] }, listener)).rejects.toThrow(/speaks connect/);
  await expect(runClientSuite({ command: client, only: ["client-nothing"] }, listener)).rejects.toBeInstanceOf(
    UsageError,
  );
});
