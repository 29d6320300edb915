// How long a change takes to its watchers: at half of what the server could do, and where some of the watchers read nothing.
import { type Subject, startFloorSubject, startServerSubject } from "../subjects.ts";
import { type CostEffort, type CostRow, p99, type Say } from "./sides.ts";

/** Part of what a core could do in all that the load asks for. */
const loadShare = 0.5;
/** Changes of which the time to each watcher is taken. */
const changesOf = ({ calls }: CostEffort): number => Math.max(20, Math.round(calls / 20));
const settleMs = 500;

/** The 99th percentile of the times from a change to each watcher, at half of saturation, beside raw streams at the same rate. */
export async function atHalf(effort: CostEffort, say: Say): Promise<CostRow> {
  const { watchers } = effort;
  const name = `time to ${watchers} watchers, 99 of 100`;
  say(name);
  const scene = { kind: "grpc", connections: watchers, watchers, burst: 1 } as const;
  const server = await startServerSubject("server", scene);
  const floor = await startFloorSubject(scene, server.statusBytes());
  try {
    const everyMs = await periodMs(server, watchers);
    const load = { everyMs, changes: changesOf(effort), readers: watchers };
    const ratios: number[] = [];
    const taken = { server: [] as number[], floor: [] as number[] };
    for (let turn = 0; turn < effort.turns; turn++) {
      const ours = p99(await latencies(server, load));
      const raw = p99(await latencies(floor, load));
      taken.server.push(ours);
      taken.floor.push(raw);
      ratios.push(ours / raw);
    }
    return {
      name,
      ours: middle(taken.server),
      peer: middle(taken.floor),
      unit: "ms",
      peerName: "node:http2",
      value: middle(ratios),
      goal: 2,
      sense: "most",
      measure: `× raw streams, a change each ${everyMs.toFixed(0)} ms`,
    };
  } finally {
    await Promise.all([server.stop(), floor.stop()]);
  }
}

/** The same of those who read, where one in ten reads nothing, beside a server whose watchers all read. */
export async function stalled(effort: CostEffort, say: Say): Promise<CostRow> {
  const { watchers } = effort;
  const idle = Math.round(watchers / 10);
  const name = `time to the others, ${idle} of ${watchers} watchers stalled`;
  say(name);
  const scene = { kind: "grpc", connections: watchers, watchers, burst: 1 } as const;
  const some = await startServerSubject("server", { ...scene, stalled: idle });
  const none = await startServerSubject("server", {
    ...scene,
    watchers: watchers - idle,
    connections: watchers - idle,
  });
  try {
    const everyMs = await periodMs(none, watchers);
    const load = { everyMs, changes: changesOf(effort), readers: watchers - idle };
    const [ours, peer, ratios]: [number[], number[], number[]] = [[], [], []];
    for (let turn = 0; turn < effort.turns; turn++) {
      ours.push(p99(await latencies(some, load)));
      peer.push(p99(await latencies(none, load)));
      ratios.push((ours.at(-1) ?? 0) / (peer.at(-1) ?? 1));
    }
    return {
      name,
      ours: middle(ours),
      peer: middle(peer),
      unit: "ms",
      peerName: "nobody stalled",
      value: middle(ratios),
      goal: 1.2,
      sense: "most",
      measure: "× where nobody is",
    };
  } finally {
    await Promise.all([some.stop(), none.stop()]);
  }
}

/** Memory of the server after many changes that passed watchers who read nothing, beside one whose watchers all read. */
export async function stalledMemory(effort: CostEffort, say: Say): Promise<CostRow> {
  const { changes } = effort;
  const name = `memory after ${changes} changes, 50 of 100 watchers stalled`;
  say(name);
  const scene = { kind: "grpc", connections: 100, watchers: 100, burst: 1 } as const;
  const mbAfter = async (stalled: number): Promise<number> => {
    const subject = await startServerSubject("server", { ...scene, stalled });
    try {
      await pass(subject, changes, (sent) => say(`${stalled} stalled, ${sent} changes: ${megabytes(subject)} MB`));
      return megabytes(subject);
    } finally {
      await subject.stop();
    }
  };
  const [ours, peer] = [await mbAfter(50), await mbAfter(0)];
  return {
    name,
    ours,
    peer,
    unit: "MB",
    peerName: "nobody stalled",
    value: ours / peer,
    goal: 1.1,
    sense: "most",
    measure: "× where nobody is",
  };
}

function megabytes({ process }: Subject): number {
  return Math.round(process.rssBytes() / 2 ** 20);
}

/** Sends so many changes, some at once; tells of each tenth. */
async function pass(subject: Subject, changes: number, tell: (sent: number) => void): Promise<void> {
  const atOnce = 16;
  let told = 1;
  for (let sent = 0; sent < changes; sent += atOnce) {
    if (sent >= (changes * told) / 10 && told++) tell(sent);
    await Promise.all(Array.from({ length: Math.min(atOnce, changes - sent) }, subject.send));
  }
  await pause(settleMs);
}

/** Milliseconds between two changes at which the server's core has so much to do as is wanted. */
async function periodMs(subject: Subject, watchers: number): Promise<number> {
  const rounds = Math.max(3, Math.round(20_000 / watchers));
  await subject.rounds(rounds);
  const before = subject.process.cpuUs();
  await subject.rounds(rounds);
  return (subject.process.cpuUs() - before) / rounds / 1000 / loadShare;
}

/** So long after the last arrival nothing of the changes before is on its way any more. */
const restMs = 5;

/**
 * Times in milliseconds from each change to each arrival. Changes go out at fixed moments, whatever became of the last one. Arrivals are counted off to changes in
 * order. Where a value was skipped for a newer one, as a server may, later ones count as longer than they were, until all is at rest once.
 */
export async function latencies(
  subject: Subject,
  { everyMs, changes, readers }: { readonly everyMs: number; readonly changes: number; readonly readers: number },
): Promise<number[]> {
  const times: number[] = [];
  const sentMs: number[] = [];
  const answers: Promise<void>[] = [];
  let [skipped, lastMs] = [0, 0];
  subject.eachArrival(() => {
    const of = sentMs[Math.floor((times.length + skipped) / readers)] ?? sentMs.at(-1) ?? 0;
    lastMs = performance.now();
    times.push(lastMs - of);
  });
  const startMs = performance.now();
  for (let sent = 0; sent < changes; sent++) {
    await pause(startMs + sent * everyMs - performance.now());
    if (performance.now() - lastMs > restMs) skipped = sentMs.length * readers - times.length;
    sentMs.push(performance.now());
    answers.push(subject.send());
  }
  await Promise.all(answers);
  await pause(settleMs);
  subject.eachArrival(undefined);
  return times;
}

export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
