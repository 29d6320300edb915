import { create } from "@bufbuild/protobuf";
import { LoginRequestSchema } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { entryLine, lastExchange, toNdjson } from "./print.ts";
import { createTranscript } from "./transcript.ts";

test("the first and the newest entries are kept, and the gap is told", () => {
  let now = 0;
  const transcript = createTranscript({ entriesMax: 8, wallNow: () => now++ });
  for (let at = 0; at < 100; at++) transcript.add({ kind: "note", text: String(at) });
  const texts = transcript.entries().map(({ text }) => text);
  expect(texts).toEqual(["0", "1", "(92 entries were dropped here)", "94", "95", "96", "97", "98", "99"]);
});

test("entries print with time, server time, call, who and content, and become NDJSON", () => {
  const transcript = createTranscript({ wallNow: () => 1500, serverNow: () => 0 });
  const value = create(LoginRequestSchema, { deviceId: "d" });
  transcript.add({
    kind: "call",
    id: transcript.nextId(),
    who: "u",
    method: "Login",
    message: { schema: LoginRequestSchema, value },
  });
  const [entry] = transcript.entries();
  expect(entry && entryLine(entry, 1000)).toBe('   0.500s [1970-01-01T00:00:00.000Z] → #1 u Login {"deviceId":"d"}');
  expect(JSON.parse(toNdjson(transcript.entries()))).toEqual({
    time: "1970-01-01T00:00:01.500Z",
    serverTime: "1970-01-01T00:00:00.000Z",
    kind: "call",
    id: 1,
    who: "u",
    method: "Login",
    type: "userstatus.v1.LoginRequest",
    message: { deviceId: "d" },
  });
});

test("the last exchange goes back to a call, and is short", () => {
  const transcript = createTranscript();
  for (let at = 0; at < 30; at++) transcript.add({ kind: at % 10 === 3 ? "call" : "frame", text: String(at) });
  expect(lastExchange(transcript.entries()).map(({ text }) => text)).toEqual([
    "23",
    "24",
    "25",
    "26",
    "27",
    "28",
    "29",
  ]);
  expect(lastExchange([])).toEqual([]);
});
