import { toJsonString } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  Gate,
  OnlineStatus,
  Platform,
  ProfileSchema,
  ProvenanceMark,
  profileNames,
  publishedProfile,
} from "@userstatus/protocol";
import { describe, expect, test } from "vitest";
import { buildProfile, type ProfileChoice } from "./profile.ts";
import { checkProfile } from "./profile-rules.ts";

const build = (choice: Partial<ProfileChoice> = {}) =>
  buildProfile({ base: { name: "standard" }, sets: [], durationScale: 1, ...choice });
const set = (...sets: string[]) => build({ sets });

test.each(profileNames)("%s is in order as it is published", (name) => {
  expect(build({ base: { name } })).toEqual(publishedProfile(name));
});

test("a profile of one's own is read", () => {
  const own = publishedProfile("zim");
  if (own === undefined) return expect.fail("no profile");
  own.name = "mine";
  const json = toJsonString(ProfileSchema, own);
  expect(build({ base: { json, file: "mine.json" } })).toEqual(own);
  const broken = (text: string) => () => build({ base: { json: text, file: "mine.json" } });
  expect(broken("{")).toThrow("Expected mine.json to be a profile in ProtoJSON, got ");
  expect(broken('{"nme": "x"}')).toThrow("nme");
  expect(broken('{"name": "x"}')).toThrow("Expected custom_status.max_bytes to be from 1 to 4096, got undefined");
});

describe("session policy", () => {
  test("single, one on each platform, many", () => {
    const rules = (sessionPolicy: "single" | "per-platform" | "many", name = "standard") => {
      const profile = build({ base: { name }, sessionPolicy });
      return [
        profile.sessionPolicy,
        profile.sessionRules.map((rule) => [rule.maxSessions, rule.perPlatform, rule.platforms.length]),
      ];
    };
    expect(rules("single")).toEqual(["single", [[1, false, 0]]]);
    expect(rules("per-platform")).toEqual(["per-platform", [[1, true, 0]]]);
    expect(rules("many")).toEqual(["many", [[10, false, 0]]]);
    expect(rules("many", "zim")).toEqual([
      "many",
      [
        [10, false, 8],
        [10, false, 2],
      ],
    ]);
  });

  test("the claim follows, and the value is marked as the operator's", () => {
    const single = build({ sessionPolicy: "single" });
    expect(single.claims).not.toContain("multi_session");
    expect(single.provenance.session_rules).toMatchObject({
      mark: ProvenanceMark.ASSUMED,
      document: "the operator",
    });
    expect(build({ sessionPolicy: "per-platform" }).claims).toContain("multi_session");
  });
});

describe("--set", () => {
  test("a batch larger than the cap is refused", () => {
    expect(() => set("subscription.max_subscriptions=50")).toThrow(/subscribe_batch_max.*at most.*50/);
  });

  test("numbers, durations, switches, enums, lists", () => {
    const profile = set(
      "subscription.max_subscriptions=50",
      "subscription.subscribe_batch_max=50",
      "liveness[0].lease=40s",
      "liveness[1].lease=90000ms",
      "liveness[0].platforms=WEB,MINI_PROGRAM",
      "liveness[0].after_loss=LOGGED_OUT",
      "rate_limits[Subscribe].max_calls=3",
      "query.self_allowed=false",
      'gates=[{"gate":"GATE_PLAN","procedures":["Subscribe"]}]',
      "name=fast",
    );
    expect(profile.subscription?.maxSubscriptions).toBe(50);
    expect(profile.liveness.map((rule) => rule.lease && durationMs(rule.lease))).toEqual([40_000, 90_000]);
    expect(profile.liveness[0]).toMatchObject({
      platforms: [Platform.WEB, Platform.MINI_PROGRAM],
      afterLoss: OnlineStatus.LOGGED_OUT,
    });
    expect(profile.rateLimits.find((limit) => limit.procedure === "Subscribe")?.maxCalls).toBe(3);
    expect(profile.gates).toMatchObject([{ gate: Gate.PLAN, procedures: ["Subscribe"] }]);
    expect([profile.query?.selfAllowed, profile.name]).toEqual([false, "fast"]);
  });

  test("no value unsets, one place more appends", () => {
    const profile = set(
      "liveness[0].grace=",
      "rate_limits[0]=",
      "rate_limits[3].procedure=Sync",
      "rate_limits[3].max_calls=1",
      "rate_limits[3].window=1s",
    );
    expect(profile.liveness[0]?.grace).toBe(undefined);
    expect(profile.rateLimits.map((limit) => limit.procedure)).toEqual([
      "QueryStatuses",
      "Subscribe",
      "Unsubscribe",
      "Sync",
    ]);
  });

  test("numbers of the vendor", () => {
    const profile = build({
      base: { name: "zim" },
      sets: ["vendor_numbers.codes.RATE_LIMITED=5", "vendor_numbers.codes[INTERNAL]="],
    });
    expect(profile.vendorNumbers?.codes).toMatchObject({ RATE_LIMITED: 5 });
    expect(profile.vendorNumbers?.codes).not.toHaveProperty("INTERNAL");
  });

  test("claims follow the values, and the values are marked as the operator's", () => {
    const profile = set("custom_status.caller_ttl=false", "liveness[0].lease=40s");
    expect(profile.claims).not.toContain("custom_status_ttl");
    expect(profile.claims).toContain("subscription_ttl");
    for (const key of ["custom_status.caller_ttl", "liveness"]) {
      expect(profile.provenance[key]).toMatchObject({
        mark: ProvenanceMark.ASSUMED,
        document: "the operator",
        clause: "--set",
      });
    }
    expect(profile.provenance["query.batch_max"]).toEqual(publishedProfile("standard")?.provenance["query.batch_max"]);
  });

  test.each([
    ["subscription", "to be JSON|PATH=VALUE"],
    ["=3", "Expected --set to be PATH=VALUE"],
    [
      "subscription.max_subscription=3",
      "There is no field max_subscription in SubscriptionRules; did you mean max_subscriptions?",
    ],
    ["nothing=3", "There is no field nothing in Profile"],
    ["liveness[7].lease=3s", "to be a place from 0 to 2, got 7"],
    ["rate_limits[Login].max_calls=3", "to be a place from 0 to 4, got Login"],
    ["name.first=x", "to end at name"],
    ["liveness.lease=x", "to be a place from 0 to 2, got lease"],
    ["a b=x", "such as liveness\\[0\\].lease"],
    ["query.batch_max=many", 'Expected query.batch_max to be a whole number, got "many"'],
    ["query.batch_max=99999999999", "a whole number"],
    ["query.self_allowed=1", 'to be true or false, got "1"'],
    ["liveness[0].lease=40", "a duration such as"],
    ["liveness[0].after_loss=AWAY", "to be one of UNSPECIFIED, ONLINE, OFFLINE, LOGGED_OUT"],
    ["gates={", "to be JSON"],
    ['gates=[{"x":1}]', "--set makes the profile unreadable"],
  ])("%s is refused", (text, message) => {
    expect(() => set(text)).toThrow(new RegExp(message.replaceAll("?", "\\?")));
  });
});

describe("the scale of durations", () => {
  test("multiplies every duration, and leaves at least a millisecond", () => {
    const profile = build({ base: { name: "zim" }, durationScale: 0.01 });
    expect(profile.liveness[0]?.lease && durationMs(profile.liveness[0].lease)).toBe(350);
    expect(profile.rateLimits[0]?.window && durationMs(profile.rateLimits[0].window)).toBe(10);
    expect(profile.subscription?.maxTtl && durationMs(profile.subscription.maxTtl)).toBe(25_920_000);
    const tiny = build({ durationScale: 0.000_001 });
    expect(tiny.liveness[0]?.lease && durationMs(tiny.liveness[0].lease)).toBe(1);
  });
});

describe("what makes no sense is refused", () => {
  test.each([
    ["custom_status.max_bytes=0", "Expected custom_status.max_bytes to be from 1 to 4096, got 0"],
    ["custom_status.min_ttl=", "Expected custom_status.min_ttl to be at least 1ms, got nothing"],
    ["custom_status.max_ttl=500ms", "Expected custom_status.max_ttl to be at least 1000ms, got 500ms"],
    [
      "subscription.default_ttl=1s",
      "Expected subscription.default_ttl to be from min_ttl (60000ms) to max_ttl (2592000000ms), got 1000ms",
    ],
    ["subscription.list_page_max=-1", "Expected subscription.list_page_max to be from 1 to 5000, got -1"],
    ["status.self_view=UNSPECIFIED", "Expected status.self_view to be SELF_VIEW_FULL or SELF_VIEW_PLATFORMS, got 0"],
    ["status.never_logged_in=ONLINE", "Expected status.never_logged_in to be ONLINE_STATUS_OFFLINE or"],
    ["liveness=[]", "Expected liveness to be at least one rule, got none"],
    ["liveness[0].platforms=", "Expected liveness[0].platforms to be some, save in the last rule, got none"],
    ["liveness[1].platforms=IOS", "Expected liveness[1].platforms to be empty in the last rule"],
    ["liveness[1].lease=29s", "Expected liveness[1].lease to be at least 30000ms, got 29000ms"],
    ["liveness[1].decay=", "Expected liveness[1].decay to be at least 1ms, got nothing"],
    ["liveness[1].after_loss=ONLINE", "Expected liveness[1].after_loss to be ONLINE_STATUS_OFFLINE or"],
    ["session_rules=[]", "Expected session_rules to be at least one rule, got none"],
    ["session_rules[0].max_sessions=0", "Expected session_rules[0].max_sessions to be from 1 to 1000, got 0"],
    ["rate_limits[0].procedure=Wach", "Expected rate_limits[0].procedure to be one of GetServerInfo, Login,"],
    ["rate_limits[0].procedure=Subscribe", "Expected rate_limits[2].procedure to be named once, got Subscribe"],
    ["rate_limits[0].window=0s", "Expected rate_limits[0].window to be at least 1ms, got 0ms"],
    ["gates[0].procedures=Nothing", "Expected gates[0].procedures to be one of GetServerInfo,"],
    ["gates[0].gate=UNSPECIFIED", "Expected gates[0].gate to be GATE_PLAN or GATE_USER_STATUS, got 0"],
    ["name=", 'Expected name to be 1 to 64 printable characters, got ""'],
  ])("%s", (text, message) => {
    expect(() => set(text)).toThrow(message);
  });
});

test("a duration with a fraction of a millisecond is refused", () => {
  const profile = publishedProfile("standard");
  const rule = profile?.liveness[1];
  if (!profile || !rule?.grace) throw new Error("the profile has no such rule");
  rule.grace.nanos = 123;
  expect(() => checkProfile(profile)).toThrow(/liveness\[1\]\.grace.*whole milliseconds/);
});
