// What calls cost, beside handlers with ready answers on the RPC library alone.
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { HeartbeatRequestSchema, QueryStatusesRequestSchema } from "@userstatus/protocol";
import { inTurns } from "../subjects.ts";
import { createUnaryLoad, type UnaryKind } from "../unary.ts";
import {
  atOnce,
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

interface UnaryRow {
  readonly name: string;
  readonly kind: UnaryKind;
  readonly method: string;
  readonly message: (caller: Caller) => Uint8Array;
}

function bytesOf<Schema extends DescMessage>(schema: Schema, init: MessageInitShape<Schema>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

async function unary(row: UnaryRow, users: number, effort: CostEffort, calls: number) {
  const sides = { ours: await startOurs(users), peer: await startLibrary() };
  try {
    const loads = new Map(
      [sides.ours, sides.peer].map((side) => [side, createUnaryLoad(row.kind, side.url, connections)]),
    );
    const measured = await compare(sides, effort.turns, calls, (side) =>
      inTurns(calls, atOnce, async (at) => {
        const caller = side.callers[at % side.callers.length];
        if (caller) await loads.get(side)?.call(row.method, caller.token, row.message(caller));
      }),
    );
    for (const load of loads.values()) load.close();
    return measured;
  } finally {
    await Promise.all([sides.ours.process.stop(), sides.peer.process.stop()]);
  }
}

/** QueryStatuses of so many users who are there. */
export async function query(kind: UnaryKind, size: number, effort: CostEffort, say: Say): Promise<CostRow> {
  const name = `QueryStatuses of ${size}, ${kind === "grpc" ? "gRPC" : "Connect"}`;
  say(name);
  // One never asks for oneself: the caller is beyond those who are asked for.
  const userIds = Array.from({ length: size }, (_, at) => `user-${at + 1}`);
  const message = ({ sessionId }: Caller): Uint8Array => bytesOf(QueryStatusesRequestSchema, { sessionId, userIds });
  // Enough for the compiler to have seen all of it.
  const calls = Math.max(20, Math.round(effort.calls / 4));
  const row = { name, kind, method: "QueryStatuses", message };
  const { ours, peer, ratio } = await unary(row, size + 1, effort, calls);
  const measure = "throughput of a core, library handler = 1";
  return {
    name,
    ours,
    peer,
    unit: "µs a call",
    peerName: "library handler",
    value: 1 / ratio,
    goal: 1.25,
    sense: "least",
    measure,
  };
}

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
    const message = bytesOf(HeartbeatRequestSchema, { sessionId: caller.sessionId });
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
