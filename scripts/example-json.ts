// JSON of the worked examples: `…` for what is left open, `"$name"` for what stands for itself later. Pure.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** What the names of an example stand for so far. */
export type Names = Map<string, Json>;

const open = "…";

/** Reads JSON in which `…` may stand for a value, for further entries, or for further fields. Throws a SyntaxError. */
export function parseOpenJson(text: string): Json {
  const inside: string[] = [];
  let out = "";
  let before = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"') {
      const end = endOfString(text, at);
      out += text.slice(at, end);
      at = end - 1;
    } else if (character === open) {
      const asField = inside.at(-1) === "{" && before !== ":";
      out += asField ? `"${open}": null` : `"${open}"`;
    } else {
      if (character === "{" || character === "[") inside.push(character);
      if (character === "}" || character === "]") inside.pop();
      out += character;
    }
    if (character.trim() !== "") before = character;
  }
  return JSON.parse(out) as Json;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  throw new SyntaxError("a string has no end");
}

/** The JSON of a request: names become what they stand for, `"u1…u201"` in a list becomes 201 ids. Throws on a name that is not known. */
export function fillIn(json: Json, names: ReadonlyMap<string, Json>): Json {
  if (typeof json === "string") return json.startsWith("$") ? known(json, names) : json;
  if (Array.isArray(json)) return json.flatMap((entry) => span(entry) ?? [fillIn(entry, names)]);
  if (json === null || typeof json !== "object") return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, fillIn(value, names)]));
}

function span(entry: Json): string[] | undefined {
  const ends = typeof entry === "string" ? /^(.*\D)(\d+)…\1(\d+)$/.exec(entry) : null;
  if (ends === null) return undefined;
  const [, stem = "", first = "", last = ""] = ends;
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${stem}${Number(first) + index}`);
}

function known(name: string, names: ReadonlyMap<string, Json>): Json {
  const value = names.get(name);
  if (value === undefined) throw new Error(`${name} stands for nothing yet`);
  return value;
}

/** Where `got` is not as expected, in one line; undefined: it is. Names that stand here first are added to `names`. */
export function mismatch(expected: Json, got: Json | undefined, names: Names, path = ""): string | undefined {
  if (got === undefined) return difference(path, expected, got);
  if (expected === open) return undefined;
  if (typeof expected === "string" && expected.startsWith("$")) return matchName(expected, got, names, path);
  if (Array.isArray(expected))
    return Array.isArray(got) ? matchList(expected, got, names, path) : difference(path, expected, got);
  if (expected === null || typeof expected !== "object")
    return expected === got ? undefined : difference(path, expected, got);
  if (got === null || typeof got !== "object" || Array.isArray(got)) return difference(path, expected, got);
  return matchObject(expected, got, names, path);
}

function matchList(expected: Json[], got: Json[], names: Names, path: string): string | undefined {
  const more = expected.at(-1) === open;
  const entries = more ? expected.slice(0, -1) : expected;
  if (more ? got.length < entries.length : got.length !== entries.length) return difference(path, expected, got);
  for (const [index, entry] of entries.entries()) {
    const found = mismatch(entry, got[index], names, `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function matchObject(
  expected: { [key: string]: Json },
  got: { [key: string]: Json },
  names: Names,
  path: string,
): string | undefined {
  const { [open]: more, ...fields } = expected;
  for (const [key, value] of Object.entries(fields)) {
    const found = mismatch(value, got[key], names, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  const surplus = Object.keys(got).find((key) => !Object.hasOwn(fields, key));
  if (more !== undefined || surplus === undefined) return undefined;
  return `${path}.${surplus} was not expected: ${JSON.stringify(got[surplus])}`;
}

/** `$name` binds or compares; `$name + 60s` is a time that much later. */
function matchName(expected: string, got: Json, names: Names, path: string): string | undefined {
  const later = /^(\$\w+) \+ (.+)$/.exec(expected);
  if (later) {
    const instant = Date.parse(String(known(later[1] ?? "", names))) + durationMs(later[2] ?? "");
    if (Date.parse(String(got)) === instant) return undefined;
    return difference(path, new Date(instant).toISOString(), got);
  }
  const value = names.get(expected);
  if (value !== undefined) return value === got ? undefined : difference(path, value, got);
  names.set(expected, got);
  return undefined;
}

function difference(path: string, expected: Json, got: Json | undefined): string {
  const where = path.replace(/^\./, "") || "all of it";
  return `${where}: expected ${JSON.stringify(expected)}, got ${got === undefined ? "nothing" : JSON.stringify(got)}`;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30s`, `79.999s`, `24h` in milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match) throw new SyntaxError(`expected a duration such as 30s, got ${text}`);
  return Math.round(Number(match[1]) * (unitMs[match[2] ?? ""] ?? 1));
}
