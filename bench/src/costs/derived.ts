// Rows that follow from those of fan-out, and need no measurement of their own.
import type { Row } from "../fanout.ts";
import type { CostRow } from "./sides.ts";

export function derivedCosts(rows: readonly Row[]): CostRow[] {
  return [...naiveCosts(rows), ...burstCosts(rows), ...centrifugoCosts(rows)];
}

/** What a status costs through the RPC library, a message, a promise and a generator's turn for each watcher. */
function naiveCosts(rows: readonly Row[]): CostRow[] {
  return rows.flatMap(({ name, burst, connections, watchers, serverUs, naiveUs, timesNaive }) => {
    if (burst > 1 || naiveUs === undefined || timesNaive === undefined) return [];
    return [
      {
        name: `${name}, beside the way through the library`,
        ours: serverUs,
        peer: naiveUs,
        unit: "µs a status",
        peerName: "through the library",
        value: timesNaive,
        goal: connections === watchers ? 4 : 8,
        sense: "least",
        measure: "× cheaper",
      } as const,
    ];
  });
}

/** What a status in a burst costs beside one that comes alone, where both were measured. */
function burstCosts(rows: readonly Row[]): CostRow[] {
  return rows.flatMap((row) => {
    const { burst, name } = row;
    const single = rows.find((other) => other.burst === 1 && name.startsWith(other.name.split(",")[0] ?? name));
    if (burst === 1 || !single) return [];
    return [
      {
        name: `${name}, beside single changes`,
        ours: row.serverUs,
        peer: single.serverUs,
        unit: "µs a status",
        peerName: "alone",
        value: row.serverUs / single.serverUs,
        goal: 0.1,
        sense: "most",
        measure: "× a status that comes alone",
      } as const,
    ];
  });
}

/**
 * Times the floor that Centrifugo 6 took over WebSocket, in the best of its ways, on another machine of this kind: single statuses beside `socket.write`, joined
 * ones beside one write of their bytes. It is in no registry that could give it here, so ratios are compared, each with the floor of its own run.
 */
const centrifugoTimesFloor = { single: 1.9, burst: 2.5 };

function centrifugoCosts(rows: readonly Row[]): CostRow[] {
  return rows
    .filter(({ name }) => name.startsWith("Connect HTTP/1.1"))
    .map(({ name, burst, ofFloor }) => {
      const peer = burst === 1 ? centrifugoTimesFloor.single : centrifugoTimesFloor.burst;
      return {
        name: `${name}, beside Centrifugo`,
        ours: ofFloor,
        peer,
        unit: "× the floor",
        peerName: "Centrifugo 6, × the floor of its own run",
        value: ofFloor / peer,
        goal: 1,
        sense: "most",
        measure: "× Centrifugo, each in times of its floor",
      };
    });
}
