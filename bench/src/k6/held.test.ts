// The fold of a watcher and the texts that it times: the parts of the k6 scripts that know nothing of k6.
import { describe, expect, it } from "vitest";
import { createHeld, type Status } from "../../k6/lib/held.ts";
import { ageOf, textOf } from "../../k6/lib/text.ts";

const status = (revision: string, text = `text ${revision}`, userId = "a"): Status => ({
  userId,
  revision,
  onlineStatus: "ONLINE_STATUS_ONLINE",
  onlinePlatforms: ["PLATFORM_LINUX"],
  customStatus: { text },
});
const answered = (one: Status) => [{ userId: one.userId, status: one }];

describe("what a watcher holds", () => {
  it("is no loss where revisions were left out on the way", () => {
    const held = createHeld();
    held.take(status("1"));
    held.take(status("9"));
    expect(held.differences(answered(status("9")))).toEqual([]);
  });

  it("takes no older status over a newer one", () => {
    const held = createHeld();
    expect([held.take(status("9")), held.take(status("8"))]).toEqual([true, false]);
    expect(held.differences(answered(status("9")))).toEqual([]);
  });

  it("compares revisions as numbers: 10 is newer than 9", () => {
    const held = createHeld();
    held.take(status("9"));
    expect(held.take(status("10"))).toBe(true);
  });

  it.each([
    ["behind", status("10")],
    ["ahead", status("8")],
    ["other content", status("9", "something else")],
    ["other content", { ...status("9"), onlineStatus: "ONLINE_STATUS_OFFLINE" }],
    ["other content", { ...status("9"), onlinePlatforms: [] }],
    ["other content", { ...status("9"), customStatus: null }],
    ["never told", status("1", "x", "b")],
  ])("differs: %s", (why, server) => {
    const held = createHeld();
    held.take(status("9"));
    expect(held.differences(answered(server))).toEqual([{ userId: server.userId, why }]);
  });

  it("differs where the server gives no status at all", () => {
    const held = createHeld();
    held.take(status("9"));
    expect(held.differences([{ userId: "a", status: null }, { userId: "b" }])).toEqual([
      { userId: "a", why: "no status" },
      { userId: "b", why: "no status" },
    ]);
  });

  it("forgets all at a reset, and one whose row is gone", () => {
    const held = createHeld();
    for (const id of ["a", "b"]) held.take(status("9", "x", id));
    held.drop("a");
    expect(held.differences(answered(status("9", "x", "a")))).toEqual([{ userId: "a", why: "never told" }]);
    held.reset();
    expect(held.differences(answered(status("9", "x", "b")))).toEqual([{ userId: "b", why: "never told" }]);
  });

  it("takes an empty text and none for the same", () => {
    const held = createHeld();
    held.take({ userId: "a", revision: "1", customStatus: { text: "" } });
    expect(held.differences([{ userId: "a", status: { userId: "a", revision: "1", customStatus: null } }])).toEqual([]);
  });
});

describe("a text", () => {
  it("tells its age in its own run only", () => {
    const text = textOf("k6abc", 1_000);
    expect(ageOf("k6abc", text, 1_250)).toBe(250);
    expect([ageOf("k6other", text, 1_250), ageOf("k6abc", "k6abc soon", 1), ageOf("k6abc", undefined, 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("fits the least limit of the published profiles", () => {
    expect(textOf("k6mwyqnrq8", Date.UTC(2100, 0)).length).toBeLessThanOrEqual(64);
  });
});
