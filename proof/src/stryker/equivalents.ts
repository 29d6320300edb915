// Mutants of which it is argued that no client, and no backend, can tell them from the server as it is written, or that the specification leaves free what they
// change. Each has its reason; one that no mutant fits any more is a fault of this list.

export interface Equivalent {
  /** Name in the core. */
  readonly file: string;
  /** The text that Stryker replaces, and what it puts there. */
  readonly original: string;
  readonly replacement: string;
  /** Where the same text is changed in several lines: the line. */
  readonly line?: number;
  readonly reason: string;
}

const text = "A message is for people: the specification fixes the code, the reason, and the metadata that it names.";
const metadata = "The specification asks for no metadata here: what a server adds is its own choice.";
const unpublished =
  "No published profile has the two rules, or lacks the bound, that would show it: a profile of one's own would.";
const sharing =
  "Statuses that are the same are kept once, to save memory: made anew from the same record, they are the same bytes.";
const lost =
  "A server keeps at least as many lost sessions as a rule allows (session-lost-uncounted); keeping more is its own choice.";

export const equivalents: readonly Equivalent[] = [
  {
    file: "shared-status.ts",
    original:
      "{\n  return (\n    one.revision === other.revision &&\n    one.custom === other.custom &&\n    one.online === other.online &&\n    one.platforms === other.platforms &&\n    one.updateMs === other.updateMs &&\n    one.onlineMs === other.onlineMs &&\n    one.customMs === other.customMs\n  );\n}",
    replacement: "{}",
    reason: sharing,
  },
  { file: "shared-status.ts", original: "old && isSame(old.shown, record)", replacement: "false", reason: sharing },
  { file: "rules.ts", original: "1000 * 365 * 24", replacement: "1000 * 365 / 24", reason: unpublished },
  {
    file: "rules.ts",
    original: "1000 * 365 * 24 * 3_600_000",
    replacement: "1000 * 365 * 24 / 3_600_000",
    reason: unpublished,
  },
  { file: "derive.ts", original: "record.custom !== null", replacement: "true", line: 30, reason: unpublished },
  {
    file: "sessions.ts",
    original: "session.lossMs === null",
    replacement: "true",
    line: 106,
    reason: "The lease of a session whose link is lost counts no more: what revives it begins it anew.",
  },
  {
    file: "sessions.ts",
    original: "true",
    replacement: "false",
    line: 90,
    reason: "In one process the hub itself ends the older Watch of a session; only several nodes need to be told.",
  },
  {
    file: "views.ts",
    original: "!rules.selfViewFull",
    replacement: "true",
    reason:
      "The full view holds the custom status already; putting it there again from the same record changes nothing.",
  },
  { file: "sessions.ts", original: '"the session is over"', replacement: '""', reason: text },
  {
    file: "sessions.ts",
    original: '"the link of this session was lost: Heartbeat, Watch or Login revives it"',
    replacement: '""',
    reason: text,
  },
  { file: "subscriptions.ts", original: '{ field: "ttl" }', replacement: "{}", reason: metadata },
  { file: "subscriptions.ts", original: '{ metadata: { field: "ttl" } }', replacement: "{}", reason: metadata },
  { file: "subscriptions.ts", original: '"ttl"', replacement: '""', reason: metadata },
  { file: "custom-status.ts", original: '"custom_status.ttl"', replacement: '""', reason: metadata },
  {
    file: "custom-status.ts",
    original: '{\n      metadata: { field: "custom_status.text", limit: String(rules.customMaxBytes) },\n    }',
    replacement: "{}",
    reason: metadata,
  },
  {
    file: "rows.ts",
    original: "a.target > b.target",
    replacement: "a.target <= b.target",
    reason:
      "No two rows have one target, so it answers 0 where it answered 1: sorting asks only whether one stands before the other, and the rest stays.",
  },
  {
    file: "rows.ts",
    original: "record.endedRows.length > endedRowsMax",
    replacement: "record.endedRows.length <= endedRowsMax",
    reason: "Nothing is taken from a list that is short, and a long one is never cut: only memory grows.",
  },
  {
    file: "model.ts",
    original: "[]",
    replacement: '["Stryker was here"]',
    line: 159,
    reason: "A friend list can't be read, and no user can have an id with spaces: nothing is ever told of him.",
  },
  {
    file: "settle.ts",
    original:
      '{\n  const lost = record.sessions.filter((session) => session.lostMs !== null);\n  lost.sort((a, b) => (a.lostMs ?? 0) - (b.lostMs ?? 0) || a.loginOrder - b.loginOrder);\n  for (const session of lost.slice(0, Math.max(0, lost.length - context.rules.lostMax))) {\n    dropSession(record, session, "DECAYED", context);\n  }\n}',
    replacement: "{}",
    reason: lost,
  },
  { file: "settle.ts", original: "(session) => session.lostMs !== null", replacement: "() => undefined", reason: lost },
  { file: "settle.ts", original: "session.lostMs !== null", replacement: "false", line: 74, reason: lost },
];
