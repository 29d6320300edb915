// Prints transcripts: lines for people, and NDJSON for files.
import type { JsonValue } from "@bufbuild/protobuf";
import { type Entry, messageJson } from "./transcript.ts";

const arrows: Readonly<Record<Entry["kind"], string>> = {
  call: "→",
  answer: "←",
  refusal: "✗",
  open: "⇒",
  frame: "⇐",
  end: "⊣",
  http: "↔",
  asked: "←",
  replied: "→",
  told: "⇒",
  said: "»",
  heard: "«",
  note: "·",
  relay: "~",
  clock: "⏱",
};

/** One line: time since `startMs`, arrow, number, call, who, content; cut at `widthMax` characters. */
export function entryLine(entry: Entry, startMs: number, widthMax: number = 600): string {
  const since = `${((entry.at - startMs) / 1000).toFixed(3)}s`.padStart(9);
  const server = entry.serverMs === undefined ? "" : ` [${new Date(entry.serverMs).toISOString()}]`;
  const id = entry.id === undefined ? "" : ` #${entry.id}`;
  const who = entry.who === undefined || entry.who === "" ? "" : ` ${entry.who}`;
  const parts = [entry.method ?? "", entry.text ?? "", contentOf(entry)].filter((part) => part !== "");
  const line = `${since}${server} ${arrows[entry.kind]}${id}${who} ${parts.join(" ")}`;
  return line.length <= widthMax ? line : `${line.slice(0, widthMax)}… (${line.length - widthMax} more characters)`;
}

function contentOf(entry: Entry): string {
  return entry.message === undefined ? "" : JSON.stringify(messageJson(entry.message.schema, entry.message.value));
}

/** The last exchange before a failure: back to the newest call, at least a few entries, at most `linesMax`. */
export function lastExchange(entries: readonly Entry[], linesMax: number = 12): readonly Entry[] {
  let from = entries.length;
  while (from > 0 && entries.length - from < linesMax) {
    from--;
    const entry = entries[from];
    const begins = entry?.kind === "call" || entry?.kind === "http" || entry?.kind === "asked";
    if (begins && entries.length - from >= 4) break;
  }
  return entries.slice(from);
}

/** One JSON object per line. */
export function toNdjson(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entryJson(entry))}\n`).join("");
}

function entryJson(entry: Entry): JsonValue {
  const { message, at, serverMs, ...rest } = entry;
  return {
    time: new Date(at).toISOString(),
    ...(serverMs === undefined ? {} : { serverTime: new Date(serverMs).toISOString() }),
    ...rest,
    ...(message === undefined
      ? {}
      : { type: message.schema.typeName, message: messageJson(message.schema, message.value) }),
  };
}
