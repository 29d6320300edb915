// The lines that clients print, as docs/clients.md defines them: the document is the definition, not a copy of one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/spec.ts";

/** What stands for a word in a form, as a pattern. */
const words: Readonly<Record<string, string>> = {
  USER: "\\S+",
  REASON: "([A-Z][A-Z_]*|[0-9]+)",
  TEXT: '([^"\\\\]|\\\\["\\\\n])+',
};

/** The forms of the table, such as `online USER[ "TEXT"]`. */
export const lineForms: readonly string[] = formsOf(readFileSync(join(root, "docs/clients.md"), "utf8"));

const patterns = lineForms.map(patternOf);

export function isDefined(line: string): boolean {
  return patterns.some((pattern) => pattern.test(line));
}

function formsOf(document: string): string[] {
  const table = /<!-- lines:start -->([\s\S]*?)<!-- lines:end -->/.exec(document)?.[1] ?? "";
  const forms = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, form = ""]) => form);
  if (forms.length === 0) throw new Error("docs/clients.md defines no lines");
  return forms;
}

export function patternOf(form: string): RegExp {
  const source = form
    .replace("[", "(")
    .replace("]", ")?")
    .replace(/\b[A-Z]+\b/g, (word) => words[word] ?? word);
  return new RegExp(`^${source}$`);
}
