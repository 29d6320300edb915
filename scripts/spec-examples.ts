// Reads the worked examples of SPEC.md, Appendix A: its ```example blocks. `example-run.ts` runs them.
// The form of a block is described in the appendix; a line that is not of that form is an error.
import { durationMs, type Json, parseOpenJson } from "./example-json.ts";

/** One block. */
export interface Example {
  /** The heading above it. */
  readonly title: string;
  /** The profile of the server that it needs. */
  readonly profile: string;
  /** Line of SPEC.md at which it starts. */
  readonly line: number;
  readonly steps: readonly Step[];
}

/** One line, or a call with its answer. */
export type Step = { readonly line: number } & Action;

export type Action = CallAction | EventAction | EndAction | CloseAction | ClockAction | LoginAction;

export interface CallAction {
  readonly kind: "call";
  readonly who: string;
  readonly method: string;
  readonly request: Json;
  /** Every call has one but a Watch that is served. */
  readonly answer?: ExpectedAnswer;
}

export interface EventAction {
  readonly kind: "event";
  readonly who: string;
  readonly event: Json;
}

export interface EndAction {
  readonly kind: "end";
  readonly who: string;
}

export interface CloseAction {
  readonly kind: "close";
  readonly who: string;
}

export interface ClockAction {
  readonly kind: "clock";
  readonly ms: number;
}

/** What is given: a session, with a Watch whose snapshot has come, and a subscription. */
export interface LoginAction {
  readonly kind: "login";
  readonly who: string;
  /** Such as `$phone`. */
  readonly session: string;
  readonly watching: boolean;
  readonly target?: string;
}

/** The code and reason of a refusal with its metadata, or `ok` with the answer. */
export interface ExpectedAnswer {
  readonly code: string;
  readonly reason: string;
  readonly json: Json;
}

type Parts = readonly [string, string, string];

const forms: readonly (readonly [RegExp, (...parts: Parts) => Action])[] = [
  [/^(\w+): (\w+) (\{.*)$/, (who, method, json) => ({ kind: "call", who, method, request: parseOpenJson(json) })],
  [/^(\w+) ← (\{.*)$/, (who, json) => ({ kind: "event", who, event: parseOpenJson(json) })],
  [/^(\w+) ← end$/, (who) => ({ kind: "end", who })],
  [/^(\w+) closes the Watch$/, (who) => ({ kind: "close", who })],
  [/^clock \+(\S+)$/, (duration) => ({ kind: "clock", ms: durationMs(duration) })],
  [/^given (\w+) logged in as (\$\w+)$/, (who, session) => ({ kind: "login", who, session, watching: false })],
  [/^given (\w+) watching as (\$\w+)$/, (who, session) => ({ kind: "login", who, session, watching: true })],
  [
    /^given (\w+) watching (\w+) as (\$\w+)$/,
    (who, target, session) => ({ kind: "login", who, session, watching: true, target }),
  ],
];

const answerForm = /^→ (?:(ok)|([A-Z_]+), ([A-Z_]+)) (\{.*)$/;

/** All ```example blocks. Throws with the line of SPEC.md where one is malformed. */
export function parseExamples(markdown: string): Example[] {
  const examples: Example[] = [];
  const lines = markdown.split("\n");
  let title = "";
  for (let at = 0; at < lines.length; at++) {
    title = /^#{2,4} (.*)$/.exec(lines[at] ?? "")?.[1] ?? title;
    const fence = /^```example(?: ([a-z0-9-]+))?$/.exec(lines[at] ?? "");
    if (!fence) continue;
    const end = lines.indexOf("```", at);
    if (end < 0) throw new Error(`SPEC.md:${at + 1}: the example has no end`);
    const steps = parseSteps(lines.slice(at + 1, end), at + 2);
    examples.push({ title, profile: fence[1] ?? "standard", line: at + 1, steps });
    at = end;
  }
  return examples;
}

function parseSteps(lines: readonly string[], firstLine: number): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = firstLine + at;
    let text = lines[at] ?? "";
    while (/^ {2}/.test(lines[at + 1] ?? "")) text += ` ${(lines[++at] ?? "").trim()}`;
    if (text.trim() === "" || text.startsWith("# ")) continue;
    try {
      addStep(steps, text, line);
    } catch (cause) {
      throw new Error(`SPEC.md:${line}: ${(cause as Error).message}`, { cause });
    }
  }
  const unanswered = steps.find((step) => step.kind === "call" && step.method !== "Watch" && step.answer === undefined);
  if (unanswered) throw new Error(`SPEC.md:${unanswered.line}: a call without its answer`);
  return steps;
}

function addStep(steps: Step[], text: string, line: number): void {
  const answer = answerForm.exec(text);
  const call = steps.at(-1);
  if (answer) {
    if (call?.kind !== "call" || call.answer !== undefined) throw new Error("an answer that follows no call");
    const [, ok = "", code = ok, reason = "", json = ""] = answer;
    steps[steps.length - 1] = { ...call, answer: { code, reason, json: parseOpenJson(json) } };
    return;
  }
  for (const [form, read] of forms) {
    const [, first = "", second = "", third = ""] = form.exec(text) ?? [undefined];
    if (first !== "") return void steps.push({ ...read(first, second, third), line });
  }
  throw new Error(`a line of no known form: ${text}`);
}
