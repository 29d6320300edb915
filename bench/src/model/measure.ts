// What a change costs by how many watch, and a status by how many come at once: the points that the cost model is fitted to.
import { median } from "../fanout.ts";
import type { StreamKind } from "../streams.ts";
import { type Subject, startServerSubject } from "../subjects.ts";

export interface Transport {
  readonly name: string;
  readonly kind: StreamKind;
  readonly streamsEach: number;
}

export const transports: readonly Transport[] = [
  { name: "gRPC, a connection each", kind: "grpc", streamsEach: 1 },
  { name: "Connect HTTP/1.1", kind: "connect-h1", streamsEach: 1 },
  { name: "gRPC, 20 streams a connection", kind: "grpc", streamsEach: 20 },
];

export interface Point {
  readonly transport: string;
  readonly watchers: number;
  /** Changes of different users that are sent at once. */
  readonly burst: number;
  /** CPU of the server for each change, in microseconds, of all its threads. */
  readonly usEachChange: number;
  /** Bytes of a status, as a message in its envelope. */
  readonly statusBytes: number;
}

export interface MeasureOptions {
  readonly turns: number;
  /** Statuses that each turn delivers, about. */
  readonly statuses: number;
  readonly watchers: readonly number[];
  readonly bursts: readonly number[];
  readonly say: (text: string) => void;
}

/** Changes of a turn: where few watch, the change is what is measured. */
const [changesMin, changesMax] = [100, 1500];

/** Single changes with each number of watchers, and bursts with the greatest number. */
export async function measurePoints(options: MeasureOptions): Promise<Point[]> {
  const points: Point[] = [];
  const most = Math.max(...options.watchers);
  for (const transport of transports) {
    for (const watchers of options.watchers) points.push(await measure(transport, watchers, 1, options));
    for (const burst of options.bursts.filter((size) => size > 1))
      points.push(await measure(transport, most, burst, options));
  }
  return points;
}

async function measure(transport: Transport, watchers: number, burst: number, options: MeasureOptions): Promise<Point> {
  const { name, kind, streamsEach } = transport;
  options.say(`${name}: ${watchers} watchers, ${burst === 1 ? "single changes" : `bursts of ${burst}`}`);
  const connections = Math.ceil(watchers / streamsEach);
  const subject = await startServerSubject("server", { kind, connections, watchers, burst });
  try {
    const changes = Math.min(changesMax, Math.max(changesMin, options.statuses / watchers));
    const rounds = Math.ceil(changes / burst);
    await subject.rounds(rounds);
    const turns: number[] = [];
    for (let turn = 0; turn < options.turns; turn++) turns.push(await costOf(subject, rounds, burst));
    return { transport: name, watchers, burst, usEachChange: median(turns), statusBytes: subject.statusBytes() };
  } finally {
    await subject.stop();
  }
}

async function costOf(subject: Subject, rounds: number, burst: number): Promise<number> {
  const before = subject.process.cpuUs();
  await subject.rounds(rounds);
  return (subject.process.cpuUs() - before) / rounds / burst;
}
