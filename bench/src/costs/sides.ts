// Two servers that do the same work in turns: the reference server, and a peer on the RPC library alone.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Platform, UserStatusService } from "@userstatus/protocol";
import { type Measured, startMeasured } from "../children.ts";
import { median } from "../fanout.ts";
import { here, inTurns, quietFlags, serverProgram, sources } from "../subjects.ts";

export interface CostRow {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  readonly peerName: string;
  /** What is held against the goal. */
  readonly value: number;
  /** Absent: none was set. */
  readonly goal?: number;
  /** `least`: the value should be at least the goal; else at most. */
  readonly sense: "least" | "most";
  /** What the value is, in words. */
  readonly measure: string;
}

export interface CostEffort {
  readonly turns: number;
  readonly calls: number;
  readonly watchers: number;
  /** Changes that pass watchers who read nothing. */
  readonly changes: number;
  /** Sessions and Watches in rows of very many. */
  readonly crowd: number;
}

export type Say = (text: string) => void;

/** Calls that wait at once, of a load. */
export const atOnce = 32;
export const connections = 4;

/** Turns of rows of very many: each takes a minute. */
export const crowdTurns = ({ turns }: CostEffort): number => Math.min(turns, 3);

/** What 99 of 100 stay within. */
export function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

/** One user's session on a server of the protocol, or what stands for it on a peer. */
export interface Caller {
  readonly token: string;
  readonly sessionId: string;
}

export interface Side {
  readonly process: Measured;
  readonly url: string;
  readonly callers: readonly Caller[];
  /** Memory when it listened, before anybody came. */
  readonly emptyBytes: number;
}

/** Of a server that has them: so many users who are logged in. */
export async function startOurs(users: number): Promise<Side> {
  const process = await startMeasured([
    serverProgram(),
    ...quietFlags,
    "--set=rate_limits[QueryStatuses].max_calls=1000000",
  ]);
  const { url = "" } = process.hello;
  const emptyBytes = process.rssBytes();
  return { process, url, callers: await logIn(url, users), emptyBytes };
}

/** So many users, each with a session and a text. */
export async function logIn(url: string, users: number): Promise<Caller[]> {
  const client = createClient(UserStatusService, createConnectTransport({ baseUrl: url, httpVersion: "2" }));
  const callers: Caller[] = [];
  await inTurns(users, atOnce, async (at) => {
    const token = `dev:bench:user-${at}`;
    const headers = { authorization: `Bearer ${token}` };
    const login = { deviceId: "d", platform: Platform.ANDROID, customStatus: { text: `I am user-${at}` } };
    const { sessionId } = await client.login(login, { headers });
    callers[at] = { token, sessionId };
  });
  return callers;
}

export function startLibrary(): Promise<Side> {
  return startPeer("library-server.ts");
}

/** A peer that a program of this folder is, given how it should be. */
export async function startPeer(program: string, ...args: readonly string[]): Promise<Side> {
  const process = await startMeasured([...sources, here(program), ...args]);
  const { url = "" } = process.hello;
  return { process, url, callers: [{ token: "dev:bench:none", sessionId: "-" }], emptyBytes: process.rssBytes() };
}

/** What work took on each of several sides, in microseconds of CPU for each piece. */
export interface Compared<Which> {
  readonly has: (which: Which) => boolean;
  readonly median: (which: Which) => number;
  /** Of ours to that one's, the median over the turns. */
  readonly ratio: (which: Which) => number;
}

/** The same work in turns on all sides. */
export async function compareAll<Which extends string>(
  sides: ReadonlyMap<Which | "ours", Side>,
  turns: number,
  count: number,
  work: (side: Side) => Promise<void>,
): Promise<Compared<Which | "ours">> {
  const taken = new Map([...sides.keys()].map((which) => [which, [] as number[]]));
  for (let turn = -1; turn < turns; turn++) {
    for (const [which, side] of sides) {
      const before = side.process.cpuUs();
      await work(side);
      // The first turn warms up.
      if (turn >= 0) taken.get(which)?.push((side.process.cpuUs() - before) / count);
    }
  }
  const of = (which: Which | "ours"): readonly number[] => taken.get(which) ?? [];
  return {
    has: (which) => sides.has(which),
    median: (which) => median(of(which)),
    ratio: (which) => median(of("ours").map((us, at) => us / (of(which)[at] ?? Number.NaN))),
  };
}

/** The same beside one peer. */
export async function compare(
  { ours, peer }: { readonly ours: Side; readonly peer: Side },
  turns: number,
  count: number,
  work: (side: Side) => Promise<void>,
): Promise<{ ours: number; peer: number; ratio: number }> {
  const sides = new Map<"ours" | "peer", Side>([
    ["ours", ours],
    ["peer", peer],
  ]);
  const { median: middle, ratio } = await compareAll(sides, turns, count, work);
  return { ours: middle("ours"), peer: middle("peer"), ratio: ratio("peer") };
}
