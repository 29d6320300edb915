// Lets the suite judge one mutant client, by the checks of the requirement that it breaks.
import { fileURLToPath } from "node:url";
import { runClientSuite } from "@userstatus/conformance";
import type { ClientMutant } from "../client-mutants/mutant.ts";

export interface JudgedClient {
  readonly id: string;
  readonly passed: readonly string[];
  /** Checks that failed: FAIL, or WARN where the requirement is a SHOULD. */
  readonly failed: readonly string[];
  /** Checks that decided nothing, and why. */
  readonly undecided: readonly string[];
  readonly seconds: number;
}

/** How it is judged. */
export interface ClientJudgement {
  /** Checks at once. */
  readonly jobs: number;
  readonly patienceMs: number;
  /** Whether a failed check is run again alone. */
  readonly rerun: boolean;
}

const driver = fileURLToPath(new URL("../../../reference-client/src/driver/main.ts", import.meta.url));

/** The driver starts for each check: what was made of its sources once need not be made again. */
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../../../.cache/node-compile", import.meta.url));

/** The command that starts the mutant; without an id, the client as it is. */
export function commandOf(id?: string): string[] {
  const hook = new URL("./hook.ts", import.meta.url);
  if (id !== undefined) hook.searchParams.set("mutant", id);
  return [process.execPath, "--conditions=@userstatus/source", "--import", hook.href, driver];
}

/** The requirement that a mutant breaks. */
export function brokenBy({ id }: Pick<ClientMutant, "id">): string {
  return id.split("/", 1)[0] ?? "";
}

/** Judges a mutant or variant by `only`; without one, the client as it is. Default: by all checks. */
export async function judgeClient(
  mutant: ClientMutant | undefined,
  judgement: ClientJudgement,
  only?: readonly string[],
): Promise<JudgedClient> {
  const started = performance.now();
  const report = await runClientSuite(
    { command: commandOf(mutant?.id), only, ...judgement },
    { planned: () => {}, started: () => {}, finished: () => {} },
  );
  const idsOf = (...outcomes: string[]): string[] =>
    report.checks.filter(({ outcome }) => outcomes.includes(outcome)).map(({ id }) => id);
  return {
    id: mutant?.id ?? "the client as it is",
    passed: idsOf("PASS"),
    failed: idsOf("FAIL", "WARN"),
    undecided: report.checks.flatMap(({ id, outcome, runs }) =>
      ["PASS", "FAIL", "WARN", "NOT_APPLICABLE"].includes(outcome)
        ? []
        : [`${id}: ${outcome} ${runs[0]?.reason ?? ""}`],
    ),
    seconds: (performance.now() - started) / 1000,
  };
}
