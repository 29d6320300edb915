import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ReportSchema, type Verdict } from "@userstatus/protocol/conformance";
import { expect, test } from "vitest";
import { badReport, goodReport, sampleReport, sampleResult } from "../testing/sample-report.ts";
import { fromJsonText, toJsonText } from "./json.ts";
import { fromMessage, toMessage, UnreadableReport } from "./message.ts";
import type { Report } from "./model.ts";

const died: Report = { ...badReport, died: { at: "2026-01-02T03:04:05.678Z", during: ["login-reply/whole"] } };
const undecided = sampleReport([
  sampleResult("login-reply/whole", "NOT_TESTABLE", { transport: "", reason: "no tool" }),
]);

test.each([
  ["good", goodReport],
  ["bad", badReport],
  ["of a server that died", died],
  ["undecided", undecided],
])("a report comes back from message, bytes and text as it was: %s", (_, report) => {
  expect(fromMessage(toMessage(report))).toEqual(report);
  expect(fromMessage(fromBinary(ReportSchema, toBinary(ReportSchema, toMessage(report))))).toEqual(report);
  expect(fromJsonText(toJsonText(report))).toEqual(report);
});

test("the text has every field and the names of the schema", () => {
  const text: unknown = JSON.parse(toJsonText(goodReport));
  expect(text).toMatchObject({
    reportVersion: 2,
    verdict: "VERDICT_CONFORMANT",
    startedAt: "1970-01-01T00:00:00Z",
    checkCounts: { pass: 1, fail: 0 },
    checks: [{ outcome: "OUTCOME_PASS", level: "LEVEL_MUST", unscored: "" }],
  });
});

test("what is later than this suite is told, not guessed at", () => {
  const message = toMessage(goodReport);
  expect(() => fromMessage({ ...message, reportVersion: 3 })).toThrow(UnreadableReport);
  expect(() => fromMessage({ ...message, verdict: 99 as Verdict })).toThrow("unknown verdict 99");
  expect(() => fromMessage(create(ReportSchema, { reportVersion: 2 }))).toThrow(UnreadableReport);
  expect(() => fromJsonText("{")).toThrow(UnreadableReport);
  const later = toJsonText(goodReport).replace('"reportVersion"', '"laterField": 1,\n  "reportVersion"');
  expect(fromJsonText(later)).toEqual(goodReport);
});
