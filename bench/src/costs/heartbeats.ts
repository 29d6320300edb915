// What heartbeats cost, beside a handler with a ready answer on the RPC library alone.
import { create, toBinary } from "@bufbuild/protobuf";
import { HeartbeatRequestSchema } from "@userstatus/protocol";
import { createUnaryLoad } from "../unary.ts";
import {
  type Caller,
  type CostEffort,
  type CostRow,
  compare,
  connections,
  crowdTurns,
  type Say,
  type Side,
  startLibrary,
  startOurs,
} from "./sides.ts";

/** Between two heartbeats of a session, and how long each side is looked at: every session calls once. Where they are few the pace says nothing. */
const intervalOf = ({ crowd }: CostEffort): number => (crowd < 1000 ? 1 : 10);
/** Between two handfuls of calls. */
const handfulMs = 10;

/** So many sessions that call each 10 seconds, at their pace: what of a core that takes. */
export async function heartbeats(effort: CostEffort, say: Say): Promise<CostRow> {
  const { crowd } = effort;
  const intervalS = intervalOf(effort);
  const name = `heartbeats of ${crowd} sessions each ${intervalS} s`;
  say(name);
  const sides = { ours: await startOurs(crowd), peer: await startLibrary() };
  const loads = new Map(
    [sides.ours, sides.peer].map((side) => [side, createUnaryLoad("connect", side.url, connections)]),
  );
  const beat = async (side: Side, at: number): Promise<void> => {
    const caller = side.callers[at % side.callers.length] as Caller;
    const message = toBinary(HeartbeatRequestSchema, create(HeartbeatRequestSchema, { sessionId: caller.sessionId }));
    await loads.get(side)?.call("Heartbeat", caller.token, message);
  };
  try {
    const { ours, peer } = await compare(sides, crowdTurns(effort), crowd, async (side) => {
      const startMs = performance.now();
      const calls: Promise<void>[] = [];
      while (calls.length < crowd) {
        const due = Math.min(crowd, Math.ceil(((performance.now() - startMs) / intervalS / 1000) * crowd));
        while (calls.length < due) calls.push(beat(side, calls.length));
        await new Promise((resolve) => setTimeout(resolve, handfulMs));
      }
      await Promise.all(calls);
    });
    for (const load of loads.values()) load.close();
    return {
      name,
      ours,
      peer,
      unit: "µs a call",
      peerName: "library handler",
      value: (ours * crowd) / intervalS / 1e6,
      goal: 0.25,
      sense: "most",
      measure: "share of a core",
    };
  } finally {
    await Promise.all([sides.ours.process.stop(), sides.peer.process.stop()]);
  }
}
