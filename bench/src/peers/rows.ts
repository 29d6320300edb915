// Fan-out beside servers that others made: the same watchers and sizes, in turns with ours.
import type { CostEffort, CostRow, Say } from "../costs/sides.ts";
import { median } from "../fanout.ts";
import type { StreamKind } from "../streams.ts";
import { type Scene, type Subject, startServerSubject } from "../subjects.ts";
import { type Peer, peers } from "./programs.ts";
import { startPeerSubject } from "./subject.ts";

interface Contest {
  readonly name: string;
  readonly kind: StreamKind;
  readonly perConnection: number;
  readonly burst: number;
  readonly against: readonly { readonly peer: Peer; readonly goal: number }[];
}

const bursts = 16;

export const contests: readonly Contest[] = [
  {
    name: "gRPC, a connection each",
    kind: "grpc",
    perConnection: 1,
    burst: 1,
    against: [
      { peer: peers.grpcGo, goal: 1 },
      { peer: peers.grpcJs, goal: 1 },
    ],
  },
  {
    name: "Connect HTTP/1.1",
    kind: "connect-h1",
    perConnection: 1,
    burst: 1,
    against: [
      { peer: peers.connectGo, goal: 0.7 },
      { peer: peers.ws, goal: 1 },
      { peer: peers.mosquitto, goal: 1 },
      { peer: peers.nats, goal: 1 },
    ],
  },
  {
    name: "gRPC, 20 streams a connection",
    kind: "grpc",
    perConnection: 20,
    burst: 1,
    against: [{ peer: peers.grpcJs, goal: 1 }],
  },
  {
    name: "gRPC, bursts of 16",
    kind: "grpc",
    perConnection: 1,
    burst: bursts,
    against: [{ peer: peers.grpcGo, goal: 1 }],
  },
  {
    name: "Connect HTTP/1.1, bursts of 16",
    kind: "connect-h1",
    perConnection: 1,
    burst: bursts,
    against: [
      { peer: peers.nats, goal: 1.3 },
      { peer: peers.redis, goal: 1.3 },
    ],
  },
];

/** One row for each peer that is there; of the others it is said how to get them. */
export async function contest(
  it: Contest,
  effort: CostEffort & { readonly statuses: number },
  say: Say,
): Promise<CostRow[]> {
  const { watchers } = effort;
  const scene: Scene = {
    kind: it.kind,
    watchers,
    connections: Math.max(1, Math.round(watchers / it.perConnection)),
    burst: it.burst,
  };
  const subjects: Subject[] = [];
  try {
    say(`${it.name} beside others: opening ${watchers} watchers of each`);
    const ours = await startServerSubject("server", scene);
    subjects.push(ours);
    const others: {
      readonly peer: Peer;
      readonly goal: number;
      readonly subject: Subject;
      readonly taken: number[];
    }[] = [];
    for (const { peer, goal } of it.against) {
      if (!peer.start) {
        say(`${peer.name} is not here and is left out: ${peer.install}`);
        continue;
      }
      const subject = await startPeerSubject(peer, peer.start, scene, ours.statusBytes());
      subjects.push(subject);
      others.push({ peer, goal, subject, taken: [] });
    }
    const rounds = Math.max(1, Math.round(effort.statuses / watchers / it.burst));
    for (const subject of subjects) await subject.rounds(Math.min(rounds, 10));
    const taken: number[] = [];
    for (let turn = 0; turn < effort.turns; turn++) {
      say(`${it.name} beside others: turn ${turn + 1} of ${effort.turns}`);
      taken.push(await usEach(ours, rounds));
      for (const other of others) other.taken.push(await usEach(other.subject, rounds));
    }
    return others.map(({ peer, goal, taken: theirs }) => ({
      name: `${it.name}, beside ${peer.name}`,
      ours: median(taken),
      peer: median(theirs),
      unit: "µs a status",
      peerName: peer.name,
      value: median(taken.map((us, at) => us / (theirs[at] ?? Number.NaN))),
      goal,
      sense: "most",
      measure: `× ${peer.name}`,
    }));
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
  }
}

async function usEach(subject: Subject, rounds: number): Promise<number> {
  const before = subject.process.cpuUs();
  const statuses = await subject.rounds(rounds);
  return (subject.process.cpuUs() - before) / statuses;
}
