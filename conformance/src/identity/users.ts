// Makes registered users by the best way that the run has: admin calls, a command, a file, or the first login of each.
import type { Client } from "@connectrpc/connect";
import type { AdminService } from "@userstatus/protocol/admin";
import { Inconclusive, isUnreachable, NotTestable } from "../failure.ts";
import { runCommand } from "./command.ts";
import type { SessionsByUser, UserPool } from "./user-pool.ts";

export interface MakeUsers {
  readonly app: string;
  readonly count: number;
  readonly fresh: boolean;
  /** Ids that nobody has. */
  readonly newId: () => string;
  /** The admin calls of the app, where the run has them. */
  readonly admin: Client<typeof AdminService> | undefined;
  /** Registers one user by logging him in and out; he is not fresh then. */
  readonly byLogin: (id: string) => Promise<void>;
}

export interface UserSource {
  /** How users come to be, for the report. */
  readonly way: "admin calls" | "provision command" | "users file" | "no registry" | "first login";
  /** True, or why no user can be had who never logged in. */
  readonly fresh: true | string;
  readonly make: (request: MakeUsers) => Promise<string[]>;
  /** The check is done with them, and had made these sessions. */
  readonly giveBack: (ids: readonly string[], sessions: SessionsByUser) => void;
  /** The run is done. */
  readonly finish: () => Promise<void>;
  /** Token that a file gives for a user. */
  readonly tokenOf: (id: string) => string | undefined;
}

export interface UserSourceOptions {
  readonly hasAdmin: boolean;
  readonly provisionCommand: string | undefined;
  readonly pool: UserPool | undefined;
  /** Claim `user_registry`: without it every id counts as registered. */
  readonly hasRegistry: boolean;
}

const registerMax = 1000;
/** Users registered beside those that were asked for: the next ones that a check wants are there. */
const registeredAhead = 7;

export function createUserSource(options: UserSourceOptions): UserSource {
  const { hasAdmin, provisionCommand, pool, hasRegistry } = options;
  const none = { giveBack: () => undefined, finish: async () => undefined, tokenOf: () => undefined };
  if (hasAdmin && hasRegistry)
    return { way: "admin calls", fresh: true, make: createAhead(registeredAhead, byAdmin), ...none };
  if (provisionCommand !== undefined) {
    return { way: "provision command", fresh: true, make: createProvisioner(provisionCommand), ...none };
  }
  if (pool !== undefined) return fromPool(pool);
  if (!hasRegistry) return { way: "no registry", fresh: true, make: async (request) => newIds(request), ...none };
  const fresh = "registering users who never logged in needs --admin-url, --provision-command or --users";
  return { way: "first login", fresh, make: byFirstLogin, ...none };
}

function newIds({ count, newId }: MakeUsers): string[] {
  return Array.from({ length: count }, newId);
}

async function byAdmin(ids: readonly string[], { admin }: MakeUsers): Promise<void> {
  for (let at = 0; at < ids.length; at += registerMax) {
    const userIds = ids.slice(at, at + registerMax);
    // Registering twice is registering once: a connection that went away in between is no fault of the server.
    await admin?.registerUsers({ userIds }).catch((error: unknown) => {
      if (!isUnreachable(error)) throw error;
      return admin.registerUsers({ userIds });
    });
  }
}

async function byFirstLogin(request: MakeUsers): Promise<string[]> {
  if (request.fresh) throw new NotTestable("nobody can be registered without logging in");
  const ids = newIds(request);
  const width = 16;
  for (let at = 0; at < ids.length; at += width) await Promise.all(ids.slice(at, at + width).map(request.byLogin));
  return ids;
}

/** One process for many users: what is left over waits for the next check of the same app. */
function createProvisioner(command: string): UserSource["make"] {
  return createAhead(32, async (ids, { app }) => {
    await runCommand({ command, args: [], environment: { USERSTATUS_APP: app }, input: `${ids.join("\n")}\n` });
  });
}

interface Ahead {
  readonly ids: string[];
  /** How many are asked for by those who wait. */
  wanted: number;
  /** The registration under way. */
  making: Promise<void> | undefined;
}

/** Registers more than is asked for, and all that wait together. */
function createAhead(
  aheadCount: number,
  register: (ids: readonly string[], request: MakeUsers) => Promise<void>,
): UserSource["make"] {
  const byApp = new Map<string, Ahead>();
  return async (request) => {
    const ahead = byApp.get(request.app) ?? { ids: [], wanted: 0, making: undefined };
    byApp.set(request.app, ahead);
    ahead.wanted += request.count;
    try {
      while (ahead.ids.length < request.count) {
        // Whoever waits takes what he needs when it is there, in order; one of those who got nothing registers more. A failure is told to
        // whoever made the call: the others try themselves.
        const isMine = ahead.making === undefined;
        ahead.making ??= makeMore(ahead, request).finally(() => {
          ahead.making = undefined;
        });
        if (isMine) await ahead.making;
        else await ahead.making.catch(() => undefined);
      }
      return ahead.ids.splice(0, request.count);
    } finally {
      ahead.wanted -= request.count;
    }
  };

  async function makeMore(ahead: Ahead, request: MakeUsers): Promise<void> {
    // Others of the same turn ask as well: their users are made with these.
    await Promise.resolve();
    const ids = Array.from({ length: ahead.wanted - ahead.ids.length + aheadCount }, request.newId);
    await register(ids, request);
    ahead.ids.push(...ids);
  }
}

function fromPool(pool: UserPool): UserSource {
  const fresh = pool.freshSize > 0 ? true : 'the users file marks nobody with "fresh": true';
  return {
    way: "users file",
    fresh,
    tokenOf: pool.token,
    giveBack: pool.giveBack,
    finish: pool.finish,
    make: async ({ count, fresh: wantFresh }) => {
      const all = wantFresh ? pool.freshSize : pool.size;
      const kind = wantFresh ? "users who never logged in" : "users";
      const taken = count > all ? undefined : await pool.take(count, wantFresh);
      if (taken !== undefined) return taken.map(({ id }) => id);
      if (count > all) throw new NotTestable(`needs ${count} ${kind}; the users file has ${all}`);
      throw new Inconclusive(`needs ${count} ${kind}; of the ${all} of the users file not so many are free`);
    },
  };
}
