// The users of a run, with tokens: made for development or with a shared secret, or ready ones of a file.
import { readFileSync } from "node:fs";
import { SignJWT } from "jose";
import type { K6Options } from "./options.ts";

export interface RunUser {
  readonly id: string;
  readonly token: string;
}

export interface RunUsers {
  readonly watchers: readonly RunUser[];
  readonly targets: readonly RunUser[];
  readonly callers: readonly RunUser[];
}

type Counts = { readonly [role in keyof RunUsers]: number };

/** Beyond every run. */
const tokenLife = "48h";

/** Throws in words for people where a file has too few. */
export async function usersOf({ tokens, app }: K6Options, run: string, counts: Counts): Promise<RunUsers> {
  const total = counts.watchers + counts.targets + counts.callers;
  const all = "file" in tokens ? readUsers(tokens.file) : await madeUsers(tokens, app, run, total);
  if (all.length < total) throw new Error(`this run needs ${total} users; the file has ${all.length}`);
  return {
    watchers: all.slice(0, counts.watchers),
    targets: all.slice(counts.watchers, counts.watchers + counts.targets),
    callers: all.slice(counts.watchers + counts.targets, total),
  };
}

async function madeUsers(
  tokens: { readonly dev: true } | { readonly secret: string },
  app: string,
  run: string,
  total: number,
): Promise<RunUser[]> {
  const ids = Array.from({ length: total }, (_, at) => `${run}-${at}`);
  if ("dev" in tokens) return ids.map((id) => ({ id, token: `dev:${app}:${id}` }));
  const key = new TextEncoder().encode(tokens.secret);
  const sign = (id: string): Promise<string> =>
    new SignJWT({ app, sub: id }).setProtectedHeader({ alg: "HS256" }).setExpirationTime(tokenLife).sign(key);
  return Promise.all(ids.map(async (id) => ({ id, token: await sign(id) })));
}

/** A token for the app's backend; undefined: there is none for users of a file. */
export async function adminTokenOf({ tokens, app }: K6Options): Promise<string | undefined> {
  if ("dev" in tokens) return `dev-admin:${app}`;
  if ("file" in tokens) return undefined;
  const jwt = new SignJWT({ app, role: "admin" }).setProtectedHeader({ alg: "HS256" }).setExpirationTime(tokenLife);
  return jwt.sign(new TextEncoder().encode(tokens.secret));
}

function readUsers(path: string): RunUser[] {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  return lines.map((line, at) => {
    const { id, token } = JSON.parse(line) as { id?: unknown; token?: unknown };
    if (typeof id !== "string" || typeof token !== "string")
      throw new Error(`${path}, line ${at + 1}: needs "id" and "token"`);
    return { id, token };
  });
}
