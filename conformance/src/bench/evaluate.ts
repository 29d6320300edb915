// Pure evaluators: whether two values are equal, where they first differ, and how a value is printed on one line.
const printMax = 500;

/** What was expected and what came, and where they differ. */
export interface Difference {
  readonly expected: string;
  readonly got: string;
}

/** Undefined if equal by content (unset equals undefined; lists in order; bytes by value; Sets and Maps by content). */
export function difference(got: unknown, expected: unknown): Difference | undefined {
  const path = firstDifference(got, expected, "");
  if (path === undefined) return undefined;
  const where = path === "" ? "" : ` (first difference at ${path.replace(/^\./, "")})`;
  return { expected: show(expected), got: `${show(got)}${where}` };
}

function firstDifference(got: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(got, expected)) return undefined;
  if (typeof got !== "object" || typeof expected !== "object" || got === null || expected === null) return path;
  if (got instanceof Uint8Array || expected instanceof Uint8Array) return sameBytes(got, expected) ? undefined : path;
  if (Array.isArray(got) || Array.isArray(expected)) return listDifference(got, expected, path);
  if (got instanceof Set || got instanceof Map || expected instanceof Set || expected instanceof Map) {
    return collectionDifference(got, expected, path);
  }
  const left = got as Record<string, unknown>;
  const right = expected as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (key === "$typeName" || key === "$unknown") continue;
    const found = firstDifference(left[key], right[key], `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function sameBytes(got: unknown, expected: unknown): boolean {
  return got instanceof Uint8Array && expected instanceof Uint8Array && Buffer.compare(got, expected) === 0;
}

function listDifference(got: unknown, expected: unknown, path: string): string | undefined {
  if (!Array.isArray(got) || !Array.isArray(expected)) return path;
  for (let at = 0; at < Math.max(got.length, expected.length); at++) {
    if (at >= got.length || at >= expected.length) return `${path}[${at}]`;
    const found = firstDifference(got[at], expected[at], `${path}[${at}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function collectionDifference(got: unknown, expected: unknown, path: string): string | undefined {
  if (got instanceof Set && expected instanceof Set) {
    return got.size === expected.size && [...got].every((entry) => expected.has(entry)) ? undefined : path;
  }
  if (got instanceof Map && expected instanceof Map && got.size === expected.size) {
    for (const [key, value] of got) {
      const found = expected.has(key) ? firstDifference(value, expected.get(key), `${path}[${String(key)}]`) : path;
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return path;
}

/** One line: like JSON, without type names and unset fields, bytes in hex, cut at a sane length. */
export function show(value: unknown, maxLength: number = printMax): string {
  if (typeof value === "function") return "a function";
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text = render(value, 0);
  const rest = text.length - maxLength;
  return rest <= 0 ? text : `${text.slice(0, maxLength)}… (${rest} more characters)`;
}

function render(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return String(value);
  if (depth > 8) return "…";
  if (value instanceof Uint8Array) return renderBytes(value);
  if (value instanceof Set) return `Set${renderList([...value], depth)}`;
  if (value instanceof Map) return renderObject(Object.fromEntries(value), depth);
  if (Array.isArray(value)) return renderList(value, depth);
  return renderObject(value as Record<string, unknown>, depth);
}

function renderBytes(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("hex");
  return bytes.length > 16 ? `0x${head}… (${bytes.length} bytes)` : `0x${head}`;
}

function renderList(list: readonly unknown[], depth: number): string {
  const shown = list.slice(0, 12).map((entry) => render(entry, depth + 1));
  if (list.length > 12) shown.push(`… ${list.length - 12} more`);
  return `[${shown.join(", ")}]`;
}

function renderObject(object: Record<string, unknown>, depth: number): string {
  if (object.$typeName === "google.protobuf.Timestamp") return renderTimestamp(object);
  if (object.$typeName === "google.protobuf.Duration") return `${Number(object.seconds) + Number(object.nanos) / 1e9}s`;
  const shown: string[] = [];
  for (const [key, value] of Object.entries(object)) {
    if (key === "$typeName" || key === "$unknown" || isUnset(value)) continue;
    shown.push(`${key}: ${render(value, depth + 1)}`);
  }
  return shown.length === 0 ? "{}" : `{ ${shown.join(", ")} }`;
}

function renderTimestamp(object: Record<string, unknown>): string {
  const ms = Number(object.seconds) * 1000 + Number(object.nanos) / 1e6;
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : `${object.seconds}s`;
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === "" || value === 0n || (Array.isArray(value) && value.length === 0);
}
