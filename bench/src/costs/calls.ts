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
  type Say,
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
  const calls = Math.max(20, Math.round((effort.calls * 10) / size));
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

/** 20,000 sessions that call each 10 seconds. */
export async function heartbeats(effort: CostEffort, say: Say): Promise<CostRow> {
  const [sessions, intervalS] = [20_000, 10];
  const name = "heartbeats of 20,000 sessions each 10 s";
  say(name);
  const message = ({ sessionId }: Caller): Uint8Array => bytesOf(HeartbeatRequestSchema, { sessionId });
  const row = { name, kind: "connect" as const, method: "Heartbeat", message };
  const { ours, peer } = await unary(row, 500, effort, effort.calls);
  const value = (ours * sessions) / intervalS / 1e6;
  const measure = "share of a core";
  return {
    name,
    ours,
    peer,
    unit: "µs a call",
    peerName: "library handler",
    value,
    goal: 0.25,
    sense: "most",
    measure,
  };
}
