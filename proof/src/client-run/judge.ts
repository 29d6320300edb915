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

/** The command that starts a client whose driver is this source file. */
export function commandFrom(file: string): string[] {
  return [process.execPath, "--conditions=@userstatus/source", "--import", "tsx", file];
}

/** A client to be judged. */
export interface Client {
  readonly id: string;
  /** Starts its driver. */
  readonly command: readonly string[];
}

/** A mutant or variant; without one, the client as it is. */
export function clientOf(mutant?: Pick<ClientMutant, "id">): Client {
  return { id: mutant?.id ?? "the client as it is", command: commandOf(mutant?.id) };
}

/** The requirement that a mutant breaks. */
export function brokenBy({ id }: Pick<ClientMutant, "id">): string {
  return id.split("/", 1)[0] ?? "";
}

/** Judges a client by the checks of `only`. Default: by all. */
export async function judgeClient(
  { id, command }: Client,
  judgement: ClientJudgement,
  only?: readonly string[],
): Promise<JudgedClient> {
  const started = performance.now();
  const report = await runClientSuite(
    { command, only, ...judgement },
    { planned: () => {}, started: () => {}, finished: () => {} },
  );
  const idsOf = (...outcomes: string[]): string[] =>
    report.checks.filter(({ outcome }) => outcomes.includes(outcome)).map((check) => check.id);
  return {
    id,
    passed: idsOf("PASS"),
    failed: idsOf("FAIL", "WARN"),
    undecided: report.checks.flatMap(({ id: check, outcome, runs }) =>
      ["PASS", "FAIL", "WARN", "NOT_APPLICABLE"].includes(outcome)
        ? []
        : [`${check}: ${outcome} ${runs[0]?.reason ?? ""}`],
    ),
    seconds: (performance.now() - started) / 1000,
  };
}
