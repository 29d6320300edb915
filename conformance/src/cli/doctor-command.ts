// `doctor`: what a run would find, and what it could not test, before anybody waits for a verdict.
import { type Prepared, prepare } from "../run/suite.ts";
import { spoken } from "../units.ts";
import type { Probe } from "../wire/probe.ts";
import type { Console } from "./console.ts";
import { suiteOptions, type TargetFlags } from "./options.ts";
import { tryLogin } from "./try-login.ts";

/** Exit code: 0 if a run could give a whole verdict, 3 if something would not be testable, 1 if nobody can log in. */
export async function doctorCommand(flags: TargetFlags, console: Console): Promise<number> {
  const prepared = await prepare(suiteOptions(flags));
  try {
    const login = await tryLogin(prepared);
    const open = prepared.plan.filter(({ fate }) => fate.kind === "NOT_TESTABLE");
    console.out.write(`${doctorText(prepared, login)}\n`);
    if (login !== undefined) return 1;
    return open.length > 0 ? 3 : 0;
  } finally {
    prepared.close();
  }
}

function doctorText(prepared: Prepared, loginFault: string | undefined): string {
  const { run, server, tools, plan, waitMs, notices } = prepared;
  const { info, profile, claims, tier, users, pace, sharedApp } = run;
  const count = (kind: string): number => plan.filter(({ fate }) => fate.kind === kind).length;
  const waits = waitMs > 0 ? `; a run really waits for about ${spoken(waitMs)}` : "";
  const row = (name: string, text: string): string => `${name.padEnd(13)}${text}`;
  const software = `${info.serverName || "(no name)"} ${info.serverVersion}`.trim();
  return [
    row("server", `${software}, specification ${info.specVersion || "(not told)"}`),
    row("round trip", `${pace.rttMs().toFixed(1)} ms`),
    row("profile", profile.name),
    row("claims", [...claims].toSorted().join(", ") || "none"),
    ...server.probes.map(probeText),
    row("clock tier", `${tier}${waits}`),
    row("users", `by ${users.way}`),
    row("app", sharedApp ?? "of its own for each check"),
    row("login", loginFault === undefined ? "works" : `does not work: ${loginFault}`),
    ...Object.entries(tools).map(([tool, has]) => row(tool, has === true ? "yes" : `no: ${has}`)),
    ...notices.map((notice) => row("note", notice)),
    row("plan", `${count("run")} checks to run, ${count("NOT_APPLICABLE")} not applicable`),
    row("", `${count("NOT_TESTABLE")} not testable`),
    ...notTestable(prepared),
  ].join("\n");
}

function probeText({ kind, result, reason }: Probe): string {
  const why = reason === undefined || result === "answered" ? "" : `: ${firstLine(reason)}`;
  return `  ${kind.name.padEnd(22)} ${result}${why}`;
}

function notTestable({ plan }: Prepared): string[] {
  const byReason = new Map<string, string[]>();
  for (const { check, fate } of plan) {
    if (fate.kind !== "NOT_TESTABLE") continue;
    byReason.set(fate.reason, [...(byReason.get(fate.reason) ?? []), check.id]);
  }
  return [...byReason].map(([reason, ids]) => `  ${reason}: ${ids.join(", ")}`);
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 120);
}
