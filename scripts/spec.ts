// Reads SPEC.md: the one place where requirements are written. Used by `npm run generate` and by the tidy test.
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("..", import.meta.url));

export type Level = "MUST" | "SHOULD" | "MAY";

export interface ParsedRequirement {
  id: string;
  level: Level;
  part: string;
  source: string;
  section: string;
  sectionTitle: string;
  text: string;
  unobservable?: string;
}

const headPattern = /^- \*\*`([a-z0-9-]+)`\*\* · (MUST|SHOULD|MAY) · ([a-z_.]+) · \*(.+?)\* — (.*)$/s;
const keywordPattern = /\b(MUST|SHOULD|MAY)\b/;

/** Parses the requirements of the spec; throws with line numbers on a sentence that breaks the form of §1. */
export function parseSpec(markdown: string): ParsedRequirement[] {
  const found: ParsedRequirement[] = [];
  let section = "";
  let sectionTitle = "";
  const lines = markdown.split("\n");
  let fenced = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line.startsWith("```")) fenced = !fenced;
    if (fenced) continue;
    const heading = /^#{2,3} (?:(\d+(?:\.\d+)?)\.? |Appendix ([A-Z]): )(.*)$/.exec(line);
    if (heading) {
      section = heading[1] ?? heading[2] ?? "";
      sectionTitle = heading[3] ?? "";
    }
    if (!line.startsWith("- **`")) {
      if (section !== "1" && !/^[A-Z]$/.test(section) && keywordPattern.test(line)) {
        throw new Error(`SPEC.md:${at + 1}: MUST, SHOULD or MAY outside a requirement`);
      }
      continue;
    }
    const first = at;
    let block = line;
    while (/^ {2}\S/.test(lines[at + 1] ?? "")) block += ` ${(lines[++at] ?? "").trim()}`;
    found.push(parseRequirement(block, first + 1, section, sectionTitle));
  }
  const ids = new Set<string>();
  for (const { id } of found) {
    if (ids.has(id)) throw new Error(`SPEC.md: the requirement ${id} stands twice`);
    ids.add(id);
  }
  return found;
}

function parseRequirement(block: string, line: number, section: string, sectionTitle: string): ParsedRequirement {
  const match = headPattern.exec(block);
  if (!match) throw new Error(`SPEC.md:${line}: not of the form of a requirement (§1)`);
  const [, id = "", level = "", part = "", source = "", rest = ""] = match;
  if (!keywordPattern.test(rest)) throw new Error(`SPEC.md:${line}: ${id} has no MUST, SHOULD or MAY`);
  const aside = /\s*\[unobservable: (.+)\]\s*$/.exec(rest);
  const text = (aside ? rest.slice(0, aside.index) : rest).trim();
  const unobservable = part === "client" ? "an obligation of clients: a server can't show it" : aside?.[1];
  return {
    id,
    level: level as Level,
    part,
    source,
    section,
    sectionTitle,
    text,
    ...(unobservable === undefined ? {} : { unobservable }),
  };
}
