// One row of the table: a scene, measured in turns with the floor and the naive way, so that what slows the machine down slows all.
import { type Scene, type Subject, startFloorSubject, startServerSubject } from "./subjects.ts";

export interface RowOptions extends Scene {
  readonly name: string;
  /** The ratio to the floor that is asked for; undefined: none is. */
  readonly goal?: number;
  readonly naive: boolean;
}

export interface Row {
  readonly name: string;
  readonly watchers: number;
  readonly connections: number;
  readonly burst: number;
  /** Medians, CPU of the server in microseconds for each status delivered. */
  readonly serverUs: number;
  readonly floorUs: number;
  readonly naiveUs?: number;
  /** Medians of the ratios of neighbouring turns. */
  readonly ofFloor: number;
  readonly timesNaive?: number;
  readonly goal?: number;
  /** Statuses in a frame, as they came. */
  readonly perFrame: number;
  /** Share of a core that the load took while the server was measured. */
  readonly loadShare: number;
  readonly turns: number;
}

export interface Effort {
  readonly turns: number;
  /** Statuses that each subject delivers in a turn, about. */
  readonly statuses: number;
}

export async function measureRow(row: RowOptions, effort: Effort, say: (text: string) => void): Promise<Row> {
  const subjects: Subject[] = [];
  try {
    say(`${row.name}: opening ${row.watchers} watchers`);
    const server = await startServerSubject("server", row);
    subjects.push(server);
    const floor = await startFloorSubject(row, server.statusBytes());
    subjects.push(floor);
    const naive = row.naive ? await startServerSubject("naive", row) : undefined;
    if (naive) subjects.push(naive);
    const rounds = Math.max(1, Math.round(effort.statuses / row.watchers / row.burst));
    // What is compiled on the way counts for nobody.
    for (const subject of subjects) await subject.rounds(Math.min(rounds, 10));
    const taken = { server: [] as Cost[], floor: [] as Cost[], naive: [] as Cost[] };
    for (let turn = 0; turn < effort.turns; turn++) {
      say(`${row.name}: turn ${turn + 1} of ${effort.turns}`);
      taken.server.push(await cost(server, rounds));
      taken.floor.push(await cost(floor, rounds));
      if (naive) taken.naive.push(await cost(naive, rounds));
    }
    const us = (costs: readonly Cost[]): number => median(costs.map(({ usEach }) => usEach));
    const ratios = (of: readonly Cost[], to: readonly Cost[]): number =>
      median(of.map(({ usEach }, at) => usEach / (to[at]?.usEach ?? Number.NaN)));
    return {
      name: row.name,
      watchers: row.watchers,
      connections: row.connections,
      burst: row.burst,
      serverUs: us(taken.server),
      floorUs: us(taken.floor),
      ...(naive ? { naiveUs: us(taken.naive), timesNaive: ratios(taken.naive, taken.server) } : {}),
      ofFloor: ratios(taken.server, taken.floor),
      ...(row.goal === undefined ? {} : { goal: row.goal }),
      perFrame: median(taken.server.map(({ perFrame }) => perFrame)),
      loadShare: median(taken.server.map(({ loadShare }) => loadShare)),
      turns: effort.turns,
    };
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
  }
}

interface Cost {
  readonly usEach: number;
  readonly perFrame: number;
  readonly loadShare: number;
}

async function cost(subject: Subject, rounds: number): Promise<Cost> {
  const [cpuUs, frames, load, startedMs] = [
    subject.process.cpuUs(),
    subject.frames(),
    process.cpuUsage(),
    performance.now(),
  ];
  const statuses = await subject.rounds(rounds);
  const { user, system } = process.cpuUsage(load);
  return {
    usEach: (subject.process.cpuUs() - cpuUs) / statuses,
    perFrame: statuses / Math.max(1, subject.frames() - frames),
    loadShare: (user + system) / 1000 / (performance.now() - startedMs),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
