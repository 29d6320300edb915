// The text of a place in a source.

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Pure: the text between two places, lines and columns from 0. */
export function cut(text: string, { start, end }: { readonly start: Place; readonly end: Place }): string {
  const lines = text.split("\n").slice(start.line, end.line + 1);
  const last = lines.length - 1;
  if (lines[last] !== undefined) lines[last] = lines[last].slice(0, end.column);
  if (lines[0] !== undefined) lines[0] = lines[0].slice(start.column);
  return lines.join("\n");
}
