// A round: load, a death at a random moment, a restart, a look at everything.
import { createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { type Actor, act, headersOf, newActor, targets, type User } from "./load.ts";
import type { Finding } from "./model.ts";
import { createRandom } from "./random.ts";
import { type ServerUnderTest, startUnderTest } from "./server.ts";
import { lookAt, settleActor } from "./verify.ts";
import { followWatch, newWatcher, type Watcher } from "./watcher.ts";

export interface DurabilityOptions {
  readonly command: readonly string[];
  readonly dataDir: string;
  readonly rounds: number;
  readonly seed: string;
  readonly actors: number;
  /** Longest time from the first answer to the kill. */
  readonly loadMaxMs: number;
  /** Of the server while it is under load, by start: how its disk fails. */
  readonly faultsOf?: ((start: number) => Record<string, string>) | undefined;
  /** Nobody serves: before the load of a round, and after its kill. For tests of this harness. */
  readonly beforeLoad?: (round: number) => void;
  readonly afterKill?: (round: number) => void;
  readonly onRound?: (round: number, totals: Totals) => void;
}

export interface Totals {
  rounds: number;
  /** Changes that were answered. */
  acknowledged: number;
  lost: number;
  half: number;
  /** Users of whom an unanswered change turned out to be made. */
  asAsked: number;
  /** Streams that went on from their cursor. */
  resumed: number;
  /** Rounds in which the server died before it was killed: in the middle of a write. */
  died: number;
  /** Changes that were refused because they could not be kept. */
  refused: number;
  /** What else must not be, in words. */
  readonly wrong: string[];
}

export async function runRounds(options: DurabilityOptions): Promise<Totals> {
  const totals: Totals = {
    rounds: 0,
    acknowledged: 0,
    lost: 0,
    half: 0,
    asAsked: 0,
    resumed: 0,
    died: 0,
    refused: 0,
    wrong: [],
  };
  const actors = Array.from({ length: options.actors }, (_, at) => newActor(`u${at}`));
  const watcher = newWatcher("watcher");
  await prepare(options, actors, watcher);
  for (let round = 1; round <= options.rounds; round++) {
    await oneRound(round, options, { actors, watcher, totals });
    totals.rounds = round;
    options.onRound?.(round, totals);
  }
  totals.wrong.push(...watcher.wrong);
  return totals;
}

interface Clients {
  readonly transport: Transport;
  readonly user: User;
  readonly admin: ReturnType<typeof createClient<typeof AdminService>>;
}

function clientsOf({ url, adminUrl }: ServerUnderTest): Clients {
  const transport = createGrpcTransport({ baseUrl: url });
  return {
    transport,
    user: createClient(UserStatusService, transport),
    admin: createClient(AdminService, createGrpcTransport({ baseUrl: adminUrl })),
  };
}

/** Everybody is registered, and the watcher sees all of them. */
async function prepare(options: DurabilityOptions, actors: readonly Actor[], watcher: Watcher): Promise<void> {
  const server = await startUnderTest(options);
  const { user, admin } = clientsOf(server);
  const userIds = [...actors.map(({ userId }) => userId), ...targets];
  await admin.registerUsers({ userIds }, { headers: { Authorization: "Bearer dev-admin:app" } });
  const { sessionId } = await user.login({ deviceId: "d", platform: 1 }, headersOf(watcher.userId));
  watcher.sessionId = sessionId;
  await user.subscribe({ sessionId, userIds: userIds.slice(0, actors.length) }, headersOf(watcher.userId));
  await server.kill();
}

async function oneRound(
  round: number,
  options: DurabilityOptions,
  { actors, watcher, totals }: { actors: readonly Actor[]; watcher: Watcher; totals: Totals },
): Promise<void> {
  const random = createRandom(options.seed, round);
  options.beforeLoad?.(round);
  const server = await startFaulty(round, options);
  const { user, transport } = clientsOf(server);
  let gone = false;
  const isGone = (): boolean => gone || server.dead();
  const watch = followWatch(watcher, transport);
  let answered = (): void => {};
  const begun = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const load = Promise.all(
    actors.map((actor) =>
      act(actor, user, createRandom(options.seed, round, actor.userId), { gone: isGone, answered }),
    ),
  );
  await Promise.race([begun, load]);
  await Promise.race([new Promise((resolve) => setTimeout(resolve, random.below(options.loadMaxMs))), load]);
  gone = true;
  if (server.dead()) totals.died++;
  await server.kill();
  for (const { acknowledged, refused } of await load) {
    totals.acknowledged += acknowledged;
    totals.refused += refused;
  }
  await watch.ended;
  options.afterKill?.(round);
  await look(round, options, { actors, watcher, totals });
}

const startsMax = 20;

/** A disk that fails may fail the start: then there is another. */
async function startFaulty(round: number, options: DurabilityOptions): Promise<ServerUnderTest> {
  if (options.faultsOf === undefined) return startUnderTest(options);
  for (let tries = 1; ; tries++) {
    try {
      return await startUnderTest({ ...options, env: options.faultsOf(round * startsMax + tries) });
    } catch (error) {
      if (tries === startsMax) throw error;
    }
  }
}

/** On a disk that works. */
async function look(
  round: number,
  options: DurabilityOptions,
  { actors, watcher, totals }: { actors: readonly Actor[]; watcher: Watcher; totals: Totals },
): Promise<void> {
  const again = await startUnderTest(options);
  const { user, admin, transport } = clientsOf(again);
  const count = (finding: Finding, userId: string): void => {
    if (finding === "lost") totals.lost++;
    if (finding === "half") totals.half++;
    if (finding === "as asked") totals.asAsked++;
    if (finding === "lost" || finding === "half") totals.wrong.push(`round ${round}: ${userId} is ${finding}`);
  };
  // Before anything is changed: the stream goes on, and what it told before holds.
  const hadCursor = watcher.cursor.length > 0;
  const watch = followWatch(watcher, transport);
  const how = await watch.begun;
  if (how === "2") totals.resumed++;
  else if (hadCursor) totals.wrong.push(`round ${round}: the stream did not go on from its cursor (${how})`);
  for (const actor of actors) {
    try {
      const found = await lookAt(actor, user, admin);
      const was = { acknowledged: actor.acknowledged, possible: [...actor.possible] };
      const finding = settleActor(actor, found);
      count(finding, actor.userId);
      if (finding === "lost" || finding === "half")
        totals.wrong.push(JSON.stringify({ found, ...was }), ...actor.trail);
    } catch (error) {
      totals.wrong.push(`round ${round}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  await again.kill();
  await watch.ended;
}
