import { describe, expect, it } from "vitest";
import { type K6Options, parseK6Options } from "./options.ts";
import { scripts } from "./scripts.ts";

function parsed(...args: readonly string[]): K6Options {
  const options = parseK6Options(args);
  if (typeof options === "string") throw new Error("this is help");
  return options;
}

describe("options of bench:k6", () => {
  it("reads sizes, times and thresholds", () => {
    const options = parsed(
      ...["fanout", "--url", "http://127.0.0.1:8080/", "--watchers", "1000", "--rate", "0.5", "--duration", "1.5m"],
      ...["--threshold", "userstatus_fanout_ms=p(99)<250", "--threshold", "userstatus_fanout_ms=med<9"],
    );
    expect(options.url).toBe("http://127.0.0.1:8080");
    expect(options.sizes).toEqual({ watchers: 1000, rate: 0.5, durationS: 90 });
    expect(options.thresholds).toEqual({ userstatus_fanout_ms: ["p(99)<250", "med<9"] });
    expect(options.scripts.map(({ name }) => name)).toEqual(["fanout"]);
  });

  it("takes all for every script", () => {
    expect(parsed("all").scripts).toEqual(scripts);
  });

  it("reads the ways to tokens as the suite does", () => {
    expect(parsed("query").tokens).toEqual({});
    expect(parsed("query", "--token-secret", "s").tokens).toEqual({ secret: "s" });
    expect(parsed("query", "--users", "f", "--token-command", "c").tokens).toEqual({ file: "f", command: "c" });
  });

  it.each([
    [[], "name one script"],
    [["fanout", "churn"], "name one script"],
    [["fan"], "no script fan; there is fanout"],
    [["fanout", "--watchers", "many"], "--watchers many: expected a number above 0"],
    [["fanout", "--watchers", "1.5"], "--watchers 1.5"],
    [["fanout", "--rate", "0"], "--rate 0"],
    [["fanout", "--duration", "90"], "--duration 90: expected a time such as 90s"],
    [["fanout", "--transport", "soap"], "expected grpc, connect or both"],
    [["fanout", "--threshold", "fast"], "--threshold fast"],
    [["fanout", "--url", "localhost:8080"], "expected a base URL"],
    [["fanout", "--url", "http://a:1/path"], "expected a base URL"],
    [["fanout", "--url", "http://a:1", "--profile", "zim"], "--profile is for the reference server"],
    [["fanout", "--token-dev", "--token-secret", "s"], "exclude each other"],
    [["fanout", "--speed", "9"], "Unknown option"],
  ])("refuses %j", (args, words) => {
    expect(() => parseK6Options(args)).toThrow(words);
  });

  it("shows help, of one script with what it is held to", () => {
    expect(parseK6Options(["--help"])).toContain("Usage: npm run bench:k6");
    expect(parseK6Options(["storm", "--help"])).toMatch(/cut their connections[\s\S]*userstatus_back_ms: p\(99\)</);
  });
});
