// The users of a run, with tokens. The ways to get tokens are those of the conformance suite, by the same names.
import { commandTokens, devTokens, readUsersFile, secretTokens, type TokenSource } from "@userstatus/conformance";
import type { K6Options } from "./options.ts";
import type { RoleCounts } from "./plan.ts";

export interface RunUser {
  readonly id: string;
  readonly token: string;
}

export type RunUsers = { readonly [role in keyof RoleCounts]: readonly RunUser[] };

const roles = ["watchers", "targets", "callers", "comers"] as const;

/** Undefined: every user of the file has his own. */
function sourceOf({ tokens }: K6Options): TokenSource | undefined {
  if (tokens.secret !== undefined) return secretTokens(tokens.secret);
  if (tokens.command !== undefined) return commandTokens(tokens.command);
  return tokens.file === undefined || tokens.dev ? devTokens() : undefined;
}

/** Throws in words for people where a file has too few, or a command fails. */
export async function usersOf(options: K6Options, run: string, counts: RoleCounts): Promise<RunUsers> {
  const total = roles.reduce((sum, role) => sum + counts[role], 0);
  const all = await allOf(options, run, total);
  const taken = all[Symbol.iterator]();
  const take = (count: number): RunUser[] => Array.from({ length: count }, () => taken.next().value as RunUser);
  return {
    watchers: take(counts.watchers),
    targets: take(counts.targets),
    callers: take(counts.callers),
    comers: take(counts.comers),
  };
}

async function allOf(options: K6Options, run: string, total: number): Promise<RunUser[]> {
  const { tokens, app } = options;
  const source = sourceOf(options);
  const ready =
    tokens.file === undefined
      ? Array.from({ length: total }, (_, at) => ({ id: `${run}-${at}` }))
      : readUsersFile(tokens.file);
  if (ready.length < total) throw new Error(`--users: this run needs ${total} users; the file has ${ready.length}`);
  return Promise.all(
    ready.slice(0, total).map(async (user) => {
      const own = "token" in user ? user.token : undefined;
      const token = own ?? (await source?.token({ app, user: user.id, role: "user" }));
      if (token === undefined)
        throw new Error(`--users: ${user.id} has no token, and there is no other way to get one`);
      return { id: user.id, token };
    }),
  );
}

/** A token for the app's backend; undefined: there is no way to get one. */
export async function adminTokenOf(options: K6Options): Promise<string | undefined> {
  return sourceOf(options)?.token({ app: options.app, user: "", role: "admin" });
}
