// What a query costs, beside a handler with ready answers on the RPC library, one on @grpc/grpc-js, and ready bytes on `node:http2`.
import { create, toBinary } from "@bufbuild/protobuf";
import { QueryStatusesRequestSchema } from "@userstatus/protocol";
import { inTurns } from "../subjects.ts";
import { createUnaryLoad, type UnaryKind } from "../unary.ts";
import {
  atOnce,
  type Caller,
  type CostEffort,
  type CostRow,
  compareAll,
  connections,
  type Say,
  type Side,
  startLibrary,
  startOurs,
  startPeer,
} from "./sides.ts";

type Which = "ours" | "library" | "grpc-js" | "raw";

/** QueryStatuses of so many users who are there. */
export async function query(kind: UnaryKind, size: number, effort: CostEffort, say: Say): Promise<CostRow[]> {
  const name = `QueryStatuses of ${size}, ${kind === "grpc" ? "gRPC" : "Connect"}`;
  say(name);
  const sides = await start(kind, size + 1);
  try {
    return rows(name, await measure(sides, kind, size, effort));
  } finally {
    await Promise.all([...sides.values()].map((side) => side.process.stop()));
  }
}

async function start(kind: UnaryKind, users: number): Promise<Map<Which, Side>> {
  const sides = new Map<Which, Side>([
    ["ours", await startOurs(users)],
    ["library", await startLibrary()],
    ["raw", await startPeer("peers/query-server.ts", "raw")],
  ]);
  if (kind === "grpc") sides.set("grpc-js", await startPeer("peers/query-server.ts", "grpc-js"));
  return sides;
}

function measure(sides: ReadonlyMap<Which, Side>, kind: UnaryKind, size: number, effort: CostEffort) {
  // One never asks for oneself: the caller is beyond those who are asked for.
  const userIds = Array.from({ length: size }, (_, at) => `user-${at + 1}`);
  const message = ({ sessionId }: Caller): Uint8Array =>
    toBinary(QueryStatusesRequestSchema, create(QueryStatusesRequestSchema, { sessionId, userIds }));
  // Enough for the compiler to have seen all of it.
  const calls = Math.max(20, Math.round(effort.calls / 4));
  const loads = new Map([...sides.values()].map((side) => [side, createUnaryLoad(kind, side.url, connections)]));
  const measured = compareAll(sides, effort.turns, calls, (side) =>
    inTurns(calls, atOnce, async (at) => {
      const caller = side.callers[at % side.callers.length];
      if (caller) await loads.get(side)?.call("QueryStatuses", caller.token, message(caller));
    }),
  );
  return measured.finally(() => {
    for (const load of loads.values()) load.close();
  });
}

function rows(name: string, measured: Awaited<ReturnType<typeof measure>>): CostRow[] {
  const ours = measured.median("ours");
  const beside = (which: Which, peerName: string) => ({
    ours,
    peer: measured.median(which),
    unit: "µs a call",
    peerName,
  });
  const throughput = (which: Which, peerName: string) =>
    ({
      ...beside(which, peerName),
      value: 1 / measured.ratio(which),
      sense: "least",
      measure: `throughput of a core, ${peerName} = 1`,
    }) as const;
  return [
    { name, ...throughput("library", "library handler"), goal: 1.25 },
    ...(measured.has("grpc-js")
      ? [{ name: `${name}, beside @grpc/grpc-js`, ...throughput("grpc-js", "@grpc/grpc-js handler") }]
      : []),
    {
      name: `${name}, beside the raw floor`,
      ...beside("raw", "ready bytes, node:http2"),
      value: measured.ratio("raw"),
      sense: "most",
      measure: "× the raw floor",
    },
  ];
}
