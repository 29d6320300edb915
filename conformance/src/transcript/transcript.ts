// The observation log of one check: everything that was sent, came, or was done to the way. Traces, failure texts
// and files come from it.
import { type DescMessage, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";

/**
 * `call` and `answer`/`refusal` belong to unary calls; `open`, `frame` and `end` to streams. Where the suite plays the server,
 * `asked` is a call of the client, `replied` and `told` what it got; `said` and `heard` are lines to and from the client's
 * process. The rest is what the suite did itself.
 */
export type EntryKind =
  | "call"
  | "answer"
  | "refusal"
  | "open"
  | "frame"
  | "end"
  | "http"
  | "asked"
  | "replied"
  | "told"
  | "said"
  | "heard"
  | "note"
  | "relay"
  | "clock";

export interface Entry {
  readonly kind: EntryKind;
  /** Wall time, milliseconds since 1970. */
  readonly at: number;
  /** The server's time when the entry was made, where it is known. */
  readonly serverMs?: number;
  /** Number of the call or stream within the check: an answer has that of its call. */
  readonly id?: number;
  /** Name of the RPC. */
  readonly method?: string;
  /** The user who calls, `admin`, or empty for nobody. Tokens never come into a transcript. */
  readonly who?: string;
  readonly text?: string;
  /** Decoded when it is printed, not before. */
  readonly message?: { readonly schema: DescMessage; readonly value: Message };
}

export interface Transcript {
  readonly add: (entry: Omit<Entry, "at" | "serverMs">) => void;
  /** A number for the next call or stream. */
  readonly nextId: () => number;
  /** Entries that were added, dropped ones too. */
  readonly count: () => number;
  /** In order; where some were dropped, a note says how many. */
  readonly entries: () => readonly Entry[];
}

export interface TranscriptOptions {
  /** Most entries kept: the first quarter and the newest. */
  readonly entriesMax?: number;
  readonly wallNow?: () => number;
  /** The server's time as last known. */
  readonly serverNow?: () => number | undefined;
}

export function createTranscript(options: TranscriptOptions = {}): Transcript {
  const { entriesMax = 2000, wallNow = Date.now, serverNow = () => undefined } = options;
  const headMax = Math.max(1, Math.floor(entriesMax / 4));
  const tailMax = Math.max(1, entriesMax - headMax);
  const head: Entry[] = [];
  const tail: Entry[] = [];
  let dropped = 0;
  let ids = 0;
  let added = 0;
  return {
    add: (entry) => {
      added++;
      const serverMs = serverNow();
      const whole: Entry = { ...entry, at: wallNow(), ...(serverMs === undefined ? {} : { serverMs }) };
      if (head.length < headMax) return void head.push(whole);
      tail.push(whole);
      // Cut in halves, so that the cost of dropping is small per entry.
      if (tail.length >= tailMax * 2) dropped += tail.splice(0, tail.length - tailMax).length;
    },
    nextId: () => ++ids,
    count: () => added,
    entries: () => {
      const newest = tail.slice(-tailMax);
      const missing = dropped + tail.length - newest.length;
      if (missing === 0) return [...head, ...newest];
      const gap: Entry = { kind: "note", at: newest[0]?.at ?? 0, text: `(${missing} entries were dropped here)` };
      return [...head, gap, ...newest];
    },
  };
}

/** A message as ProtoJSON; what has none (a bad timestamp, say) is told in words, so that a log never fails. */
export function messageJson(schema: DescMessage, value: Message): JsonValue {
  try {
    return toJson(schema, value);
  } catch (error) {
    return `(not representable: ${error instanceof Error ? error.message : String(error)})`;
  }
}
