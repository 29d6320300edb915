import { create } from "@bufbuild/protobuf";
import { SyncRequestSchema } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { stepsOf } from "./steps.ts";
import type { Entry } from "./transcript.ts";

test("steps say which way each message went, when, and what was in it", () => {
  const value = create(SyncRequestSchema, { sessionId: "s", marker: "m".repeat(5000) });
  const entries: Entry[] = [
    {
      kind: "call",
      at: 1001,
      serverMs: 0,
      id: 1,
      who: "u1",
      method: "Sync",
      message: { schema: SyncRequestSchema, value },
    },
    { kind: "refusal", at: 1002, id: 1, method: "Sync", text: "NOT_FOUND" },
    { kind: "http", at: 1003, id: 2, text: "POST /x" },
    { kind: "http", at: 1004, id: 2, text: "415 {}" },
    { kind: "relay", at: 1005, text: "the link is cut" },
  ];
  const steps = stepsOf(entries, 1000);
  expect(steps.map(({ direction }) => direction)).toEqual(["sent", "received", "sent", "received", "local"]);
  expect(steps[0]).toMatchObject({ ms: 1, serverTime: "1970-01-01T00:00:00.000Z", call: 1, who: "u1", what: "Sync" });
  expect(steps[0]?.body).toMatch(/more characters/);
  expect(steps[1]?.what).toBe("refused Sync NOT_FOUND");
  expect(
    stepsOf(
      Array.from({ length: 500 }, () => entries[4] as Entry),
      0,
    ),
  ).toHaveLength(60);
});
