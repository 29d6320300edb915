// The end of a transcript as data: who said what to whom, for reports that draw it. Pure.
import { type Entry, messageJson } from "./transcript.ts";

/** One message, or one thing that the suite did itself. */
export interface Step {
  /** Milliseconds of wall time since the check began. */
  readonly ms: number;
  /** The server's time, where it was known. */
  readonly serverTime?: string;
  readonly direction: "sent" | "received" | "local";
  /** Number of the call or stream within the check. */
  readonly call?: number;
  /** The user who calls, or `admin`. */
  readonly who?: string;
  readonly what: string;
  /** The message as ProtoJSON, cut at a sane length. */
  readonly body?: string;
}

const stepsMax = 60;
const bodyMax = 1500;

/** The newest entries. */
export function stepsOf(entries: readonly Entry[], startMs: number): Step[] {
  return entries.slice(-stepsMax).map((entry) => ({
    ms: Math.max(0, entry.at - startMs),
    ...(entry.serverMs === undefined ? {} : { serverTime: new Date(entry.serverMs).toISOString() }),
    direction: directionOf(entry),
    ...(entry.id === undefined ? {} : { call: entry.id }),
    ...(entry.who === undefined || entry.who === "" ? {} : { who: entry.who }),
    what: wordsOf(entry),
    ...(entry.message === undefined ? {} : { body: bodyOf(entry.message) }),
  }));
}

const sent: ReadonlySet<Entry["kind"]> = new Set(["call", "open", "replied", "told", "said"]);
const received: ReadonlySet<Entry["kind"]> = new Set(["answer", "refusal", "frame", "end", "asked", "heard"]);

/** Which way a message went. */
export function directionOf({ kind, text = "" }: Pick<Entry, "kind" | "text">): Step["direction"] {
  if (sent.has(kind)) return "sent";
  if (received.has(kind)) return "received";
  // An answer below the method begins with its status.
  if (kind === "http") return /^\d{3} /.test(text) ? "received" : "sent";
  return "local";
}

const names: Partial<Record<Entry["kind"], string>> = {
  refusal: "refused",
  frame: "frame",
  end: "ended",
};

function wordsOf({ kind, method, text }: Entry): string {
  return [names[kind], method, text].filter((part) => part !== undefined && part !== "").join(" ") || kind;
}

function bodyOf({ schema, value }: NonNullable<Entry["message"]>): string {
  const text = JSON.stringify(messageJson(schema, value));
  return text.length <= bodyMax ? text : `${text.slice(0, bodyMax)}… (${text.length - bodyMax} more characters)`;
}
