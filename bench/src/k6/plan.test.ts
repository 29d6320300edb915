import { publishedProfile } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { parseK6Options } from "./options.ts";
import { type Planned, planOf } from "./plan.ts";

const claims = ["transport.grpc", "transport.connect", "codec.json"];

function planned(profile: string, args: string, served = claims): Planned {
  const options = parseK6Options(args.split(" "));
  if (typeof options === "string" || !options.scripts[0]) throw new Error("no script");
  const found = publishedProfile(profile);
  if (found === undefined) throw new Error(`no profile ${profile}`);
  return planOf(options.scripts[0], options, { profile: found, claims: served });
}

describe("the plan of a script", () => {
  it("has as many targets as the rate of each needs", () => {
    // One change a second for each user, of which 80 % are used.
    expect(planned("standard", "fanout --rate 200").users.targets).toBe(250);
    expect(planned("standard", "fanout --rate 20").users.targets).toBe(50);
    expect(planned("tencent-web", "fanout --rate 200").users.targets).toBe(50);
  });

  it("refuses what it was told to do and can't, and says what can be", () => {
    expect(() => planned("zim", "fanout --rate 200 --targets 50")).toThrow("--targets 250, or --rate 40");
    expect(() => planned("tencent-web", "fanout --each 201 --targets 300")).toThrow("lets a user have 200 rows");
    expect(() => planned("standard", "query --transport connect", ["transport.grpc"])).toThrow(
      "does not serve Connect",
    );
  });

  it("has as many callers as their rate needs", () => {
    // 60 in 10 s of the standard profile, no limit in that of zim.
    expect(planned("standard", "query --rate 100").users.callers).toBe(21);
    expect(planned("zim", "query --rate 100").users.callers).toBe(10);
    expect(planned("standard", "fanout").users.callers).toBe(0);
  });

  it("keeps to batches of the server", () => {
    expect(planned("zim", "query --batch 1000 --targets 1000").sizes.batch).toBe(200);
    expect(planned("zim", "subscribe --batch 1000 --targets 1000").sizes.batch).toBe(100);
    expect(planned("standard", "query --batch 1000 --targets 30").sizes.batch).toBe(30);
    expect(planned("zim", "fanout")).toMatchObject({ subscribeMax: 100, queryMax: 200, heartbeatMs: 8_000 });
  });

  it("gives rows a ttl where the profile takes one", () => {
    expect([planned("zim", "fanout").ttl, planned("tencent-web", "fanout").ttl]).toEqual(["604800s", undefined]);
  });

  it("demands that every watcher is judged and comes back", () => {
    expect(planned("standard", "fanout --watchers 7").thresholds.userstatus_judged).toEqual(["count>=7"]);
    expect(planned("standard", "storm --watchers 7 --rounds 2").thresholds.userstatus_back).toEqual(["count>=14"]);
    expect(planned("standard", "fanout").thresholds.userstatus_lost).toEqual(["count==0"]);
  });

  it("takes thresholds that were given in place of its own", () => {
    const { thresholds } = planned("standard", "fanout --threshold userstatus_fanout_ms=p(95)<9");
    expect(thresholds.userstatus_fanout_ms).toEqual(["p(95)<9"]);
  });

  it("judges a brief run by what works, not by how fast", () => {
    const { thresholds } = planned("standard", "fanout --quick");
    expect(thresholds.userstatus_fanout_ms).toEqual(["max>=0"]);
    expect(thresholds.userstatus_lost).toEqual(["count==0"]);
  });

  it("looks at the transports that are used only", () => {
    const { thresholds, transports } = planned("standard", "query", ["transport.grpc"]);
    expect(transports).toEqual(["grpc"]);
    expect(Object.keys(thresholds)).not.toContain("userstatus_call_ms{transport:connect}");
  });

  it("times one delivery in some where there are many", () => {
    expect(planned("standard", "fanout").sample).toBe(1);
    expect(planned("tencent-web", "fanout --watchers 1000 --rate 200 --duration 1h").sample).toBeGreaterThan(100);
  });
});
