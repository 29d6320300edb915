// A client that goes away with a cursor and comes back with it: what it holds then, against what the server holds.
import { OnlineStatus, Platform, type Profile, type SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../../check.ts";
import { endReasonName, endsOf } from "./b-watch.ts";
import { livenessRule, subscribeAll, type Target, targets } from "./c-actors.ts";
import { foldToFence, type Held, holdsAll } from "./c-state.ts";

/** A client that is away. */
export interface Absence {
  /** Its session, revived: the Watch is closed, calls work. */
  readonly session: TestSession;
  /** What it held when it went. */
  readonly held: Held;
  /** The newest cursor that it had. */
  readonly cursor: Uint8Array;
}

/** The same device again: goes on with a lost session, and is a new session where the lost one is over. */
export function sameDevice(session: TestSession): Promise<TestSession> {
  return session.user.login({ device: session.device, platform: session.platform });
}

/** Subscribes, watches, takes the cursor of a snapshot that has these rows, and closes the Watch. */
export async function goAway(t: Bench, ids: readonly string[]): Promise<Absence> {
  const session = await t.session();
  if (ids.length > 0) await subscribeAll(t, session, ids);
  const watch = await session.watch();
  const held = await foldToFence(watch);
  t.equal(held.rows.size, ids.length, "number of rows held before going away");
  const { cursor } = watch;
  await watch.close();
  return { session: await sameDevice(session), held, cursor };
}

/** Watches with the cursor; what is held then must be what the server holds. */
export async function comeBack(
  t: Bench,
  away: Absence,
  what: string,
): Promise<{ watch: TestWatch; held: Held; session: TestSession }> {
  const session = await sameDevice(away.session);
  const watch = await session.watch({ cursor: away.cursor });
  const held = await foldToFence(watch, away.held);
  await holdsAll(t, held, session, what);
  return { watch, held, session };
}

/** Where the Watch tells the end of a row that was held when the client went, it tells which row that was and why it ended. */
export function endsAs(
  t: Bench,
  watch: TestWatch,
  before: Held,
  id: string,
  reason: keyof typeof SubscriptionEndReason,
): void {
  for (const ended of endsOf(watch, id).filter(({ generation }) => generation !== 0n)) {
    t.equal(ended.generation, before.rows.get(id)?.generation, `generation of the row to ${id} whose end was told`);
    t.equal(endReasonName(ended.reason), reason, `reason of the end of the row to ${id}`);
  }
}

/** The targets of a scene; there are rows to the first three. */
export type Crowd = readonly [Target, Target, Target, Target];

/** The Watch that goes on from the cursor, and what the client held before it. */
export interface Return {
  readonly watch: TestWatch;
  readonly before: Held;
}

/** One way in which targets or rows change while a client is away. Then what is held must be what the server holds. */
export interface Scene {
  /** Before the client goes; answers what `away` and `back` need to know. */
  readonly before?: (t: Bench, crowd: Crowd) => Promise<number>;
  readonly away: (t: Bench, crowd: Crowd, client: Absence, known: number) => Promise<void>;
  readonly back: (t: Bench, crowd: Crowd, held: Held, came: Return) => void;
}

/** A check of four targets, rows to the first three, and one scene. */
export function sceneCheck(id: string, title: string, scene: Scene, more: Partial<Check> = {}): Check {
  return {
    id,
    title,
    ...more,
    async run(t: Bench) {
      const crowd = await targets(t, 4);
      const known = (await scene.before?.(t, crowd)) ?? 0;
      const [one, two, three] = crowd;
      const client = await goAway(t, [one.id, two.id, three.id]);
      await scene.away(t, crowd, client, known);
      const { held, watch } = await comeBack(t, client, "after coming back with the cursor");
      scene.back(t, crowd, held, { watch, before: client.held });
    },
  };
}

/** The online status held of a target. */
export function online(held: Held, target: Target): number | undefined {
  return held.statuses.get(target.id)?.onlineStatus;
}

/** For `applies`: a session is not over by the mere end of its Watch. */
export function survivesClose(profile: Profile): true | string {
  const rule = livenessRule(profile, Platform.ANDROID);
  return rule?.grace !== undefined || rule?.afterLoss === OnlineStatus.OFFLINE || "the end of a Watch ends the session";
}
