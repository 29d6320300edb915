import { create } from "@bufbuild/protobuf";
import { GetClockResponseSchema } from "@userstatus/protocol/testing";
import { expect, test } from "vitest";
import { startNullServer } from "../testing/null-server.ts";
import { startYesServer } from "../testing/yes-server.ts";
import { TargetUnreachable, UsageError } from "./options.ts";
import { chooseTier, findServer } from "./target.ts";

const patienceMs = 2000;
const clock = create(GetClockResponseSchema);
const claims = new Set(["test_clock"]);

test("the virtual tier is taken where there is a clock, and nothing else was asked for", () => {
  const choice = { asked: undefined, claims, clock, usersFile: false };
  expect(chooseTier(choice).tier).toBe("virtual");
  expect(chooseTier({ ...choice, asked: "scaled" }).tier).toBe("scaled");
  expect(chooseTier({ ...choice, clock: undefined })).toMatchObject({
    tier: "real",
    reason: expect.stringContaining("--testing-url"),
  });
  expect(chooseTier({ ...choice, claims: new Set() })).toMatchObject({
    tier: "real",
    reason: expect.stringContaining("does not claim"),
  });
  expect(chooseTier({ ...choice, usersFile: true }).tier).toBe("real");
  expect(() => chooseTier({ ...choice, asked: "virtual", clock: undefined })).toThrow(UsageError);
});

test("a server is found by what it answers to", async () => {
  const server = await startYesServer({ plausible: false, profile: "zim" });
  try {
    const found = await findServer({ url: server.url }, patienceMs);
    expect(found.profile.name).toBe("zim");
    expect(found.standInReason).toBeUndefined();
    expect(found.kinds.map(({ name }) => name)).toEqual([
      "connect-proto-h1",
      "connect-proto-h1-get",
      "connect-json-h1",
      "connect-json-h1-get",
    ]);
    expect(found.judged.map(({ name }) => name)).toEqual(["connect-proto-h1", "connect-json-h1"]);
    const one = await findServer({ url: server.url, transports: ["connect-json-h1-get"] }, patienceMs);
    expect([one.kinds, one.judged].map((kinds) => kinds.map(({ name }) => name))).toEqual([
      ["connect-json-h1-get"],
      ["connect-json-h1-get"],
    ]);
    await expect(findServer({ url: server.url, transports: ["carrier-pigeon"] }, patienceMs)).rejects.toThrow(
      UsageError,
    );
  } finally {
    await server.close();
  }
});

test("a server that refuses to say what it is gets a stand-in; an address without a server is told", async () => {
  const server = await startNullServer();
  const found = await findServer({ url: server.url, profile: "zim" }, patienceMs);
  expect(found).toMatchObject({ infoRefused: expect.stringContaining("UNIMPLEMENTED"), profile: { name: "zim" } });
  await server.close();
  await expect(findServer({ url: server.url }, patienceMs)).rejects.toThrow(TargetUnreachable);
});
