// One walk: an app with a handful of users, the model of it, the open Watches, and calls whose outcome is looked at.
import { type CallOptions, Code, type ConnectError } from "@connectrpc/connect";
import { decodeRefusal, describeError, isConnectError } from "../../bench/refusal.ts";
import type { Refusal } from "../../check.ts";
import { isUnreachable } from "../../failure.ts";
import { durationOf, instantOf } from "../../units.ts";
import { Finding } from "../finding.ts";
import { type AppState, addUser, createApp, type UserState } from "../model/state.ts";
import { refreshViews } from "../model/views.ts";
import type { Ground, Lane } from "./ground.ts";
import type { CursorRecord, OpenWatch } from "./watch-stream.ts";

/** Users that walks name by number. The last one is not registered in the beginning. */
export const castNames = ["alice", "bob", "carol", "dave", "eve"] as const;
export const strangerIndex: number = castNames.length - 1;

export interface Walk {
  readonly ground: Ground;
  readonly lane: Lane;
  readonly appId: string;
  readonly app: AppState;
  /** By number. */
  readonly cast: readonly UserState[];
  /** Names of ids, for people. */
  readonly names: Map<string, string>;
  /** The session that each device had last: `USER/DEVICE`. */
  readonly sessionIds: Map<string, string>;
  /** By session id. */
  readonly watches: Map<string, OpenWatch>;
  /** By user id, the newest last. */
  readonly cursors: Map<string, CursorRecord[]>;
  /** Registered users who do nothing, to fill lists with. */
  crowd: string[];
  markers: number;
  calls: number;
  /** What `compare` compares; undefined: nobody does. */
  readonly record: ((topic: string, text: string) => void) | undefined;
  /** The end of the walk. */
  readonly over: AbortController;
  readonly adminHeaders: () => Promise<CallOptions>;
  readonly headersOf: (user: UserState) => Promise<CallOptions>;
}

export type Outcome<T> =
  | { readonly answer: T; readonly refusal?: undefined }
  | { readonly answer?: undefined; readonly refusal: Refusal; readonly said: string };

/** Nothing answers any more: no observation at all. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Starts in a new app (or among new users of the shared one), with the clock standing still. */
export async function openWalk(ground: Ground, lane: Lane, record?: Walk["record"]): Promise<Walk> {
  const appId = ground.sharedApp ?? ground.newId("walk-");
  const over = new AbortController();
  const options = async (user: string, role: "user" | "admin"): Promise<CallOptions> => ({
    headers: { authorization: `Bearer ${await ground.tokens.token({ app: appId, user, role })}` },
    signal: over.signal,
    timeoutMs: ground.patienceMs,
  });
  const kept = new Map<string, Promise<CallOptions>>();
  const keptOptions = (user: string, role: "user" | "admin"): Promise<CallOptions> => {
    const key = `${role} ${user}`;
    const found = kept.get(key) ?? options(user, role);
    kept.set(key, found);
    return found;
  };
  const app = createApp(ground.rules, ground.timed, 0);
  const prefix = ground.newId("");
  const cast = castNames.map((name, index) =>
    // One of them has an id as long and as strange as it may be (id-user).
    addUser(
      app,
      name === "dave" ? `${name}-${prefix}!#$%&()+:;<=.>?@`.slice(0, 32).padEnd(32, "~") : `${name}-${prefix}`,
      ground.hasAdmin && index !== strangerIndex,
    ),
  );
  const walk: Walk = {
    ground,
    lane,
    appId,
    app,
    cast,
    names: new Map(cast.map(({ id }, index) => [id, castNames[index] ?? id])),
    sessionIds: new Map(),
    watches: new Map(),
    cursors: new Map(),
    crowd: [],
    markers: 0,
    calls: 0,
    record,
    over,
    adminHeaders: () => keptOptions("", "admin"),
    headersOf: (user) => keptOptions(user.id, "user"),
  };
  try {
    await begin(walk);
  } catch (error) {
    over.abort();
    throw error;
  }
  return walk;
}

async function begin(walk: Walk): Promise<void> {
  const { app, cast, lane, ground } = walk;
  if (ground.timed) {
    const { now } =
      (await answered(walk, "AdvanceClock", ["clock-advance"], async () =>
        lane.testing?.advanceClock({ duration: durationOf(0) }, await walk.adminHeaders()),
      )) ?? {};
    const nowMs = instantOf(now);
    if (nowMs === undefined) throw new Finding(["clock-advance"], "AdvanceClock must tell its time", "a time", "none");
    app.nowMs = nowMs;
  }
  const registered = cast.filter((user) => user.registered).map(({ id }) => id);
  if (ground.hasAdmin)
    await answered(walk, "RegisterUsers", ["admin-register"], async () =>
      lane.admin?.registerUsers({ userIds: registered }, await walk.adminHeaders()),
    );
  for (const user of cast) refreshViews(app, user, "online-never");
}

/** A call whose refusal is an observation like any other. */
export async function attempt<T>(walk: Walk, method: string, make: () => Promise<T>): Promise<Outcome<T>> {
  walk.calls++;
  try {
    return { answer: await make() };
  } catch (error) {
    if (!isConnectError(error)) throw error;
    return { refusal: refusalOf(error, method, walk), said: describeError(error) };
  }
}

export function refusalOf(error: ConnectError, method: string, walk: Walk): Refusal {
  if (isUnreachable(error)) throw new Unreachable(`${method}: ${error.rawMessage}`);
  const refusal = decodeRefusal(error);
  if (error.code === Code.DeadlineExceeded && refusal.reason === undefined) {
    const expected = `an answer within ${walk.ground.patienceMs} ms`;
    throw new Finding(["error-info"], `${method} must be answered`, expected, "none");
  }
  return refusal;
}

/** A call that must be answered. */
export async function answered<T>(
  walk: Walk,
  method: string,
  requirements: readonly string[],
  make: () => Promise<T>,
): Promise<T> {
  const outcome = await attempt(walk, method, make);
  if (outcome.refusal === undefined) return outcome.answer;
  throw new Finding(requirements, `${method} must be answered`, "an answer", outcome.said);
}

/** The name of an id, for people. */
export function nameOf(walk: Walk, id: string): string {
  return walk.names.get(id) ?? id;
}

/** A Finding's text without ids that no other run has. */
export function spokenBy(walk: Walk, text: string): string {
  let spoken = text;
  for (const [id, name] of walk.names) spoken = spoken.replaceAll(id, name);
  for (const [key, sessionId] of walk.sessionIds) {
    const [id = "", device = ""] = key.split("/");
    spoken = spoken.replaceAll(sessionId, `${nameOf(walk, id)}'s ${device}`);
  }
  return spoken;
}

/** Everything is over: Watches are let go of. */
export async function closeWalk(walk: Walk): Promise<void> {
  walk.over.abort();
  await Promise.all([...walk.watches.values()].map(({ close }) => close()));
}
