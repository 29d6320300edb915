// A server that does nothing must earn nothing: on the null server and on both yes-servers no scored MUST is seen
// as kept.
import { expect, test } from "vitest";
import { devTokens } from "../identity/tokens.ts";
import type { Report } from "../report/model.ts";
import { startNullServer, type TestTarget } from "../testing/null-server.ts";
import { silentListener } from "../testing/silent-listener.ts";
import { startYesServer } from "../testing/yes-server.ts";
import type { SuiteOptions } from "./options.ts";
import { prepare, runPrepared } from "./suite.ts";

async function judge({ url }: TestTarget): Promise<Report> {
  const options: SuiteOptions = {
    url,
    adminUrl: url,
    testingUrl: url,
    tokens: devTokens(),
    patienceMs: 150,
    jobs: 32,
    rerun: false,
    timeBudgetMs: 500,
    seed: "hollow",
  };
  return await runPrepared(await prepare(options), options, silentListener);
}

function keptMusts(report: Report): string[] {
  return report.requirements
    .filter(({ scored, level, outcome }) => scored && level === "MUST" && outcome === "PASS")
    .map(({ id }) => id);
}

const tooLongMs = 60_000;

test("the null server, which refuses everything, keeps no MUST", { timeout: tooLongMs }, async () => {
  const target = await startNullServer();
  const report = await judge(target).finally(target.close);
  expect(keptMusts(report)).toEqual([]);
  expect(report.verdict).toBe("NON_CONFORMANT");
  expect(report.notices.join()).toContain("GetServerInfo was refused");
});

for (const plausible of [false, true]) {
  test(`the yes-server with ${plausible ? "plausible" : "empty"} answers keeps only what its server info keeps`, {
    timeout: tooLongMs,
  }, async () => {
    const target = await startYesServer({ plausible });
    const report = await judge(target).finally(target.close);
    // Its server info is whole and true to itself: that much it has done.
    expect(keptMusts(report).filter((id) => !id.startsWith("info-"))).toEqual([]);
    expect(report.verdict).toBe("NON_CONFORMANT");
    expect(report.counts.checks.ERROR).toBe(0);
  });
}
