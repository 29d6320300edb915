// A logged-in session of a bench: judged calls, which fail the check when refused, over the raw ones, which leave
// that to the caller.
import type { Client } from "@connectrpc/connect";
import type { LoginResponse, Platform, UserStatusService } from "@userstatus/protocol";
import type { LivenessMs, RawCalls, TestSession, TestUser, WatchOptions } from "../check.ts";
import { asFailure, CheckFailure } from "../failure.ts";
import type { Living } from "../time/bench-time.ts";
import { msOf } from "../units.ts";
import { show } from "./evaluate.ts";
import { createLife, type Life } from "./life.ts";
import { listAll, rawCalls } from "./raw.ts";
import { decodeRefusal, isConnectError } from "./refusal.ts";
import { openTestWatch } from "./watch.ts";
import { userClient, type World } from "./world.ts";

export interface SessionOptions {
  readonly user: TestUser;
  readonly device: string;
  readonly platform: Platform;
  readonly login: LoginResponse;
  /** When the Login was sent, of `performance.now()`: from here on the lease may run. */
  readonly loginSentAt: number;
  /** The token it was logged in with, or a newer one that a Heartbeat brought. */
  readonly token: string;
  readonly rules: LivenessMs;
}

export function createTestSession(world: World, options: SessionOptions): TestSession {
  const { user, device, platform, login } = options;
  const life = createLife({ leaseMs: () => leaseOf(options), loginSentAt: options.loginSentAt });
  let newestToken = options.token;
  const client = userClient(world, user.id, async () => newestToken);
  const raw = rawCalls(client, login.sessionId, world.run.profile);
  let openWatches = 0;
  const session: TestSession = {
    user,
    id: login.sessionId,
    device,
    platform,
    login,
    raw: {
      ...raw,
      heartbeat: async () => {
        const sentAt = performance.now();
        return noted(await raw.heartbeat(), () => life.sign(sentAt));
      },
      logout: async () => noted(await raw.logout(), life.ended),
    },
    ...judgedReads(raw),
    heartbeat: async (token) => {
      const sentAt = performance.now();
      const answer = await judged("Heartbeat", token === undefined ? raw.heartbeat() : beatWith(world, options, token));
      if (token !== undefined) newestToken = token;
      life.sign(sentAt);
      return answer;
    },
    logout: async () => noted(await judged("Logout", raw.logout()), life.ended),
    openWatch: (watchOptions = {}) => open(watchOptions),
    watch: async (watchOptions = {}) => {
      const watch = open(watchOptions);
      await watch.find(
        "could not be reached: a Watch must open and tell snapshot_end",
        (event) => event.case === "snapshotEnd" || undefined,
      );
      return watch;
    },
  };
  const open = (watchOptions: WatchOptions) => {
    const own = ++openWatches;
    const sentAt = performance.now();
    return openTestWatch(world, watchOptions, {
      session,
      token: async () => newestToken,
      sync: (marker) => judged("Sync", raw.sync(marker)),
      opened: () => life.sign(sentAt),
      // Only the newest Watch of a session is its link.
      linkGone: async () => {
        if (own !== openWatches) return;
        life.linkGone();
        await untilSyncRefused(world, raw);
      },
    });
  };
  world.sessions.set(session, livingOf(session, options, life));
  return session;
}

/** An answer, with what follows from it for the suite's own book. */
function noted<T>(answer: T, then: () => void): T {
  then();
  return answer;
}

function beatWith(world: World, options: SessionOptions, token: string) {
  const client: Client<typeof UserStatusService> = userClient(world, options.user.id, token);
  return client.heartbeat({ sessionId: options.login.sessionId });
}

async function judged<T>(method: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw asFailure(error, `${method} must be answered`);
  }
}

type JudgedReads = Pick<
  TestSession,
  "query" | "statusOf" | "subscribe" | "unsubscribe" | "unsubscribeAll" | "list" | "set"
>;

function judgedReads(raw: RawCalls): JudgedReads {
  const query = async (ids: readonly string[]) => (await judged("QueryStatuses", raw.query(ids))).results;
  return {
    query,
    statusOf: async (id) => {
      const result = (await query([id])).find(({ userId }) => userId === id)?.result;
      if (result?.case === "status") return result.value;
      throw new CheckFailure(
        `QueryStatuses must give the status of ${id}`,
        "a status",
        result === undefined ? "nothing" : show(result),
      );
    },
    subscribe: async (ids, ttlMs) => (await judged("Subscribe", raw.subscribe(ids, ttlMs))).results,
    unsubscribe: (ids) => judged("Unsubscribe", raw.unsubscribe(ids)),
    unsubscribeAll: () => judged("Unsubscribe", raw.unsubscribe("all")),
    list: (ids) => judged("ListSubscriptions", listAll(raw, ids)),
    set: (text, ttlMs) => judged("SetCustomStatus", raw.set(ttlMs === undefined ? { text } : { text, ttlMs })),
  };
}

/**
 * The server has seen the end of the stream once Sync finds no open Watch. Bounded: a server that never sees it is
 * judged elsewhere.
 */
async function untilSyncRefused(world: World, raw: RawCalls): Promise<void> {
  const until = performance.now() + Math.min(world.run.patienceMs, 2000);
  const resourceExhausted = 8;
  for (let pauseMs = 1; performance.now() < until; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      await raw.sync(`gone-${world.random.text(8)}`);
    } catch (error) {
      // Markers may pile up on a Watch that the server still holds open.
      if (!isConnectError(error) || decodeRefusal(error).code !== resourceExhausted) return;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  world.transcript.add({ kind: "note", text: "the server still takes Sync for a Watch that the client has closed" });
}

function leaseOf({ login, rules }: SessionOptions): number {
  return msOf(login.lease) || rules.leaseMs;
}

function livingOf(session: TestSession, options: SessionOptions, life: Life): Living {
  const { login, rules } = options;
  const leaseMs = (): number => leaseOf(options);
  return {
    leaseMs,
    heartbeatMs: () => msOf(login.heartbeatInterval) || rules.heartbeatMs,
    isKept: life.isKept,
    seemsLive: life.seemsLive,
    silences: () =>
      life.silences().map(({ from, until }) => ({
        from: performance.timeOrigin + from,
        until: performance.timeOrigin + until,
      })),
    beat: async (mustLive) => {
      if (mustLive) return void (await session.heartbeat());
      try {
        await session.raw.heartbeat();
      } catch (error) {
        if (!isConnectError(error)) throw error;
        const { reason } = decodeRefusal(error);
        if (reason !== "SESSION_ENDED" && reason !== "SESSION_NOT_FOUND")
          throw asFailure(error, "Heartbeat must be answered");
        life.ended();
      }
    },
  };
}
