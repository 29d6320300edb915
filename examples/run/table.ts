// The verdict of `npm run examples`, as a table.

export interface Row {
  readonly language: string;
  readonly protocol: string;
  readonly server: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Undefined: not tried, or not done. */
  readonly buildMs: number | undefined;
  readonly runMs: number | undefined;
  /** Why it failed or was skipped. */
  readonly note?: string;
}

/** What the suite said of a server. */
export interface JudgeRow {
  readonly server: string;
  readonly run: string;
  readonly outcome: "passed" | "failed";
  readonly verdict: string;
  readonly runMs: number;
  /** Checks. */
  readonly passed?: number;
  readonly failed?: number;
  readonly note?: string;
}

export function judgeTableOf(rows: readonly JudgeRow[]): string {
  return aligned([
    ["server", "run", "checks passed", "failed", "took", "verdict"],
    ...rows.map(({ server, run, passed, failed, runMs, verdict }) => [
      ...[server, run, String(passed ?? "–"), String(failed ?? "–")],
      ...[seconds(runMs), verdict],
    ]),
  ]);
}

export function tableOf(rows: readonly Row[]): string {
  return aligned([
    ["language", "protocol", "server", "built", "ran", "outcome"],
    ...rows.map((row) => [
      row.language,
      row.protocol,
      row.server,
      seconds(row.buildMs),
      seconds(row.runMs),
      row.outcome + (row.outcome === "skipped" && row.note ? `: ${row.note}` : ""),
    ]),
  ]);
}

/** Columns as wide as they need; the last is not filled up. */
function aligned(cells: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "–" : `${(ms / 1000).toFixed(1)} s`;
}
