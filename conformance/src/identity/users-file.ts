// Reads a file of ready users, for servers on which the suite can neither make users nor tokens.
import { readFileSync } from "node:fs";

export interface ReadyUser {
  readonly id: string;
  /** Bearer token. Without one, the token options of the run make it. */
  readonly token?: string;
  /** Registered, and logged in never. */
  readonly fresh?: boolean;
}

/** Reads JSON lines, a JSON list, or an object with `users`. Throws in words a caller of the command line can use. */
export function readUsersFile(path: string): ReadyUser[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`can't read the users file ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseUsers(text, path);
}

/** Pure: the text of a users file. */
export function parseUsers(text: string, name: string): ReadyUser[] {
  const whole = tryJson(text);
  const list = Array.isArray(whole)
    ? whole
    : isObject(whole) && Array.isArray(whole.users)
      ? whole.users
      : linesOf(text, name);
  if (list.length === 0) throw new Error(`the users file ${name} names nobody`);
  const users = list.map((entry, at) => readyUser(entry, `${name}, entry ${at + 1}`));
  if (new Set(users.map(({ id }) => id)).size !== users.length)
    throw new Error(`the users file ${name} names somebody twice`);
  return users;
}

function linesOf(text: string, name: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, at) => {
    const entry = tryJson(line);
    if (entry === undefined) throw new Error(`${name}, line ${at + 1}: not JSON`);
    return entry;
  });
}

function readyUser(entry: unknown, where: string): ReadyUser {
  if (!isObject(entry) || typeof entry.id !== "string" || entry.id === "") throw new Error(`${where}: needs "id"`);
  const { id, token, fresh } = entry;
  if (token !== undefined && typeof token !== "string") throw new Error(`${where}: "token" is not a text`);
  return { id, ...(token === undefined ? {} : { token }), fresh: fresh === true };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
