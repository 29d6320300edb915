// Text for terminals: nothing that moves the cursor or hides characters, and columns that stand under each other.

const segmenter: Intl.Segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Control characters, and those that turn the direction of text: what strangers write must not act on the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** The text with unsafe characters shown as escapes. */
export function printable(text: string): string {
  return text.replace(unsafe, (char) => {
    if (char === "\n") return "\\n";
    if (char === "\t") return "\\t";
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Emoji, and the blocks whose characters are East Asian wide. */
const wideParts: readonly string[] = [
  "\\p{Emoji_Presentation}|\\ufe0f",
  "[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3]",
  "[\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6]",
  "[\\u{20000}-\\u{3fffd}]",
];

const wide: RegExp = new RegExp(wideParts.join("|"), "u");

/** Columns that a text takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** The text, filled up with blanks to a width. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Lines of a table with a head; columns two blanks apart; no blanks at the end of a line. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => displayWidth(row[column] ?? ""))));
  return cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
