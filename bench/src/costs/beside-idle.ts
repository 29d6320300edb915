// What changes cost, and how long they take, where very many idle Watches are open on the same server.
import { createStreamGroup } from "../streams.ts";
import { inTurns, type Subject, startServerSubject } from "../subjects.ts";
import { latencies, middle } from "./latency.ts";
import { type CostEffort, type CostRow, crowdTurns, logIn, p99, type Say } from "./sides.ts";

const everyMs = 1;
const readers = 10;
/** Idle Watches on each of their connections. */
const streamsEach = 20;

interface Taken {
  readonly changeUs: number;
  readonly p99Ms: number;
}

/** A thousand changes a second of somebody whom ten watch, beside the same on a server where nobody else is. */
export async function besideIdle(effort: CostEffort, say: Say): Promise<CostRow[]> {
  const { crowd, calls } = effort;
  const name = `${1000 / everyMs} changes a second beside ${crowd} idle Watches`;
  say(name);
  const scene = { kind: "grpc", connections: readers, watchers: readers, burst: 1 } as const;
  const crowded = await startServerSubject("server", scene);
  const alone = await startServerSubject("server", scene);
  const { url = "" } = crowded.process.hello;
  const group = createStreamGroup("grpc", url, Math.ceil(crowd / streamsEach));
  try {
    const callers = await logIn(url, crowd);
    await inTurns(crowd, 256, (at) => group.open(callers[at] ?? { token: "-", sessionId: "-" }));
    for (const subject of [crowded, alone]) await take(subject, calls);
    const taken: { readonly crowded: Taken; readonly alone: Taken }[] = [];
    for (let turn = 0; turn < crowdTurns(effort); turn++)
      taken.push({ crowded: await take(crowded, calls), alone: await take(alone, calls) });
    const row = (what: string, unit: string, of: (one: Taken) => number): CostRow => ({
      name: `${name}, ${what}`,
      ours: middle(taken.map((turn) => of(turn.crowded))),
      peer: middle(taken.map((turn) => of(turn.alone))),
      unit,
      peerName: "nobody else",
      value: middle(taken.map((turn) => of(turn.crowded) / of(turn.alone))),
      goal: 1.2,
      sense: "most",
      measure: "× where nobody else is",
    });
    return [
      row("what one costs", "µs a change", ({ changeUs }) => changeUs),
      row("99 of 100", "ms", ({ p99Ms }) => p99Ms),
    ];
  } finally {
    group.close();
    await Promise.all([crowded.stop(), alone.stop()]);
  }
}

async function take(subject: Subject, changes: number): Promise<Taken> {
  const before = subject.process.cpuUs();
  const times = await latencies(subject, { everyMs, changes, readers });
  return { changeUs: (subject.process.cpuUs() - before) / changes, p99Ms: p99(times) };
}
