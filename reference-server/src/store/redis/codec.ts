// A user's record as two texts: what others look at and sessions, small; and the rows, which can be thousands. Change numbers of a commit that has none yet are -1.
import type { EndedRow, RowRecord, UserRecord } from "../../core/model.ts";
import type { StoredRecord } from "./link.ts";

/** A record as it was read. */
export interface ReadRecord {
  readonly record: UserRecord;
  /** Change number of the last commit: above all others in the record. 0: nothing is stored. */
  readonly version: number;
  readonly withRows: boolean;
}

/** Change number of a commit until Redis gives it one. */
export const pendingSeq = -1;

/** JSON has no Infinity: null is none. */
interface RowsPart {
  readonly rows: readonly RowRecord[];
  readonly ended: readonly EndedRow[];
}

/** Two that are equal hold the same, but for rows. */
export function encodeStatus(record: UserRecord): string {
  const { rows: _rows, endedRows: _ended, rowDueMs, ...status } = record;
  return JSON.stringify({ ...status, rowDueMs: Number.isFinite(rowDueMs) ? rowDueMs : null });
}

export function encodeRows(record: UserRecord): string {
  const part: RowsPart = { rows: [...record.rows.values()], ended: record.endedRows };
  return JSON.stringify(part);
}

/** What of the rows a commit may have changed, to be compared before and after it. */
export function rowsMark(record: Readonly<UserRecord>): string {
  const { rows, endedRows, lastGeneration, lastRefreshOrder, endedForgottenSeq, rowDueMs } = record;
  const last = endedRows.at(-1);
  return [
    rows.size,
    endedRows.length,
    last?.generation,
    last?.target,
    lastGeneration,
    lastRefreshOrder,
    endedForgottenSeq,
    rowDueMs,
  ].join(" ");
}

/** Rows as they were read, to be read again only when they have changed. */
export interface KnownRows {
  readonly version: number;
  readonly rows: ReadonlyMap<string, Readonly<RowRecord>>;
  readonly endedRows: readonly EndedRow[];
}

/** The rows of a reading; those that are known where it has none. */
export function decodeRows({ rows, rowsVersion }: StoredRecord, known: KnownRows | undefined): KnownRows {
  if (known !== undefined && known.version === rowsVersion) return known;
  const part: RowsPart = rows === "" ? { rows: [], ended: [] } : (JSON.parse(rows) as RowsPart);
  return { version: rowsVersion, rows: new Map(part.rows.map((row) => [row.target, row])), endedRows: part.ended };
}

/** Rows of one's own, to be changed. */
export function ownRows(record: UserRecord): void {
  record.rows = new Map([...record.rows].map(([target, row]) => [target, { ...row }]));
  record.endedRows = [...record.endedRows];
}

/** undefined: nothing is stored. Without `rows` the record has none: for looking at the status only. With them it is for reading only. */
export function decodeRecord(
  { version, status }: Pick<StoredRecord, "version" | "status">,
  rows: KnownRows | undefined,
): ReadRecord | undefined {
  if (version === 0) return undefined;
  type Status = Omit<UserRecord, "rowDueMs" | "rows" | "endedRows"> & { rowDueMs: number | null };
  const { rowDueMs, ...rest } = JSON.parse(status) as Status;
  const record: UserRecord = {
    ...rest,
    rowDueMs: rowDueMs ?? Number.POSITIVE_INFINITY,
    rows: (rows?.rows as Map<string, RowRecord> | undefined) ?? new Map(),
    endedRows: (rows?.endedRows as EndedRow[] | undefined) ?? [],
  };
  return { record, version, withRows: rows !== undefined };
}

/** Puts the commit's change number where it is awaited. */
export function numberRecord(record: UserRecord, seq: number): void {
  if (record.statusSeq === pendingSeq) record.statusSeq = seq;
  if (record.selfSeq === pendingSeq) record.selfSeq = seq;
  if (record.friendsSeq === pendingSeq) record.friendsSeq = seq;
  if (record.endedForgottenSeq === pendingSeq) record.endedForgottenSeq = seq;
  for (const row of record.rows.values()) if (row.seq === pendingSeq) row.seq = seq;
  record.endedRows = record.endedRows.map((row) => (row.seq === pendingSeq ? { ...row, seq } : row));
}

/** The same in the texts. No value can look like it: inside of a JSON string the quote is escaped. */
export function numberText(text: string, seq: number): string {
  return text.replaceAll('Seq":-1', `Seq":${seq}`).replaceAll('"seq":-1', `"seq":${seq}`);
}
