// What it costs when everybody logs in at once, and how long somebody else waits meanwhile.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Platform, UserStatusService } from "@userstatus/protocol";
import { startMeasured } from "../children.ts";
import { createStreamGroup } from "../streams.ts";
import { inTurns, quietFlags, serverProgram } from "../subjects.ts";
import { type Bystander, startBystander } from "./bystander.ts";
import { atOnce, type CostEffort, type CostRow, crowdTurns, p99, type Say } from "./sides.ts";

/** Users whom each of them subscribes to. */
const rowsEach = 100;

interface Storm {
  /** CPU of the server for each who came, in microseconds. */
  readonly usEach: number;
  /** The longest of 99 in 100 waits of somebody else's heartbeat. */
  readonly bystanderMs: number;
}

/** So many users log in, subscribe to a hundred others, and open a Watch: whether twice as many cost twice as much. */
export async function loginStorm(effort: CostEffort, say: Say): Promise<CostRow[]> {
  const users = effort.crowd;
  const name = `${users} users log in, subscribe to ${rowsEach}, open a Watch`;
  say(name);
  const few: Storm[] = [];
  const many: Storm[] = [];
  for (let turn = 0; turn < crowdTurns(effort); turn++) {
    few.push(await storm(Math.round(users / 4)));
    many.push(await storm(users));
  }
  const middle = (storms: readonly Storm[], of: (one: Storm) => number): number =>
    storms.map(of).toSorted((a, b) => a - b)[Math.floor(storms.length / 2)] ?? Number.NaN;
  const [manyUs, fewUs] = [middle(many, ({ usEach }) => usEach), middle(few, ({ usEach }) => usEach)];
  return [
    {
      name,
      ours: manyUs,
      peer: fewUs,
      unit: "µs each",
      peerName: "a quarter of them",
      value: manyUs / fewUs,
      goal: 1.2,
      sense: "most",
      measure: "× a user of a quarter of them",
    },
    {
      name: "a heartbeat of somebody else meanwhile, 99 of 100",
      ours: middle(many, ({ bystanderMs }) => bystanderMs),
      peer: middle(few, ({ bystanderMs }) => bystanderMs),
      unit: "ms",
      peerName: "a quarter of them",
      value: middle(many, ({ bystanderMs }) => bystanderMs) / middle(few, ({ bystanderMs }) => bystanderMs),
      goal: 2,
      sense: "most",
      measure: "× where a quarter come",
    },
  ];
}

async function storm(users: number): Promise<Storm> {
  const process = await startMeasured([serverProgram(), ...quietFlags]);
  const { url = "" } = process.hello;
  const client = createClient(UserStatusService, createConnectTransport({ baseUrl: url, httpVersion: "2" }));
  const group = createStreamGroup("grpc", url, Math.max(1, Math.ceil(users / 20)));
  let bystander: Bystander | undefined;
  try {
    bystander = await startBystander(url);
    // Those who are subscribed to are there before.
    await inTurns(rowsEach, atOnce, async (at) => {
      await client.login(device, { headers: headersOf(`friend-${at}`) });
    });
    const userIds = Array.from({ length: rowsEach }, (_, at) => `friend-${at}`);
    bystander.begin();
    const before = process.cpuUs();
    await inTurns(users, 256, async (at) => {
      const headers = headersOf(`user-${at}`);
      const { sessionId } = await client.login(device, { headers });
      await client.subscribe({ sessionId, userIds }, { headers });
      await group.open({ token: `dev:bench:user-${at}`, sessionId });
    });
    const usEach = (process.cpuUs() - before) / users;
    return { usEach, bystanderMs: p99(await bystander.waits()) };
  } finally {
    await bystander?.stop();
    group.close();
    await process.stop();
  }
}

const device = { deviceId: "d", platform: Platform.ANDROID };

function headersOf(user: string): { authorization: string } {
  return { authorization: `Bearer dev:bench:${user}` };
}
