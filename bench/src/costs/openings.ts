// What it costs to open Watches again, and to keep idle ones.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import { openFilesMax, startMeasured } from "../children.ts";
import { createStreamGroup } from "../streams.ts";
import { here, inTurns, sources } from "../subjects.ts";
import {
  atOnce,
  type CostEffort,
  type CostRow,
  compare,
  crowdTurns,
  type Say,
  type Side,
  startLibrary,
  startOurs,
} from "./sides.ts";

/** What a process frees by itself soon after a storm is no part of what idling costs. */
const restMs = 2000;

/** All Watches of a server come back at once, each with its cursor, over connections of 20. */
export async function herd(effort: CostEffort, say: Say): Promise<CostRow> {
  const { crowd } = effort;
  const name = `${crowd} Watches come back with a cursor`;
  say(name);
  const sides = { ours: await startOurs(crowd), peer: await startLibrary() };
  try {
    const cursors = await cursorsOf(sides.ours);
    const measured = await compare(sides, crowdTurns(effort), crowd, async (side) => {
      const group = createStreamGroup("grpc", side.url, Math.ceil(crowd / 20));
      await inTurns(crowd, crowd, (at) => {
        const { token, sessionId } = side.callers[at % side.callers.length] ?? { token: "", sessionId: "" };
        return group.open({
          token,
          sessionId,
          ...(side === sides.ours ? { cursor: cursors[at] ?? new Uint8Array() } : {}),
        });
      });
      group.close();
    });
    const { ours, peer, ratio } = measured;
    const measure = "× a bare stream of the library";
    return {
      name,
      ours,
      peer,
      unit: "µs each",
      peerName: "library stream",
      value: ratio,
      goal: 0.7,
      sense: "most",
      measure,
    };
  } finally {
    await Promise.all([sides.ours.process.stop(), sides.peer.process.stop()]);
  }
}

/** Who has read what he wanted leaves his stream open until its connection is closed: a node:http2 server ends a connection on which many are reset. */
const cursorsEach = 1000;

async function cursorsOf({ url, callers }: Side): Promise<Uint8Array[]> {
  const cursors: Uint8Array[] = [];
  for (let from = 0; from < callers.length; from += cursorsEach) {
    const sessionManager = new Http2SessionManager(url);
    const client = createClient(
      UserStatusService,
      createConnectTransport({ baseUrl: url, httpVersion: "2", sessionManager }),
    );
    await inTurns(Math.min(cursorsEach, callers.length - from), atOnce, async (at) => {
      const { token, sessionId } = callers[from + at] ?? { token: "", sessionId: "" };
      for await (const { events } of client.watch({ sessionId }, { headers: { authorization: `Bearer ${token}` } })) {
        for (const { event } of events) if (event.case === "snapshotEnd") cursors[from + at] = event.value.cursor;
        if (cursors[from + at]) break;
      }
    });
    sessionManager.abort();
  }
  return cursors;
}

/** Files that a process may have open beside one for each connection. */
const spareFiles = 1000;

/** Memory that an idle Watch keeps, with its user and session, beside a raw stream. */
export async function idle(streamsEach: 1 | 20, effort: CostEffort, say: Say): Promise<CostRow> {
  const watchers = streamsEach === 1 ? Math.min(effort.crowd, openFilesMax() - spareFiles) : effort.crowd;
  const name = `${watchers} idle Watches with users and sessions, ${streamsEach === 1 ? "a connection each" : "20 a connection"}`;
  say(name);
  const ours = await startOurs(watchers);
  const floor = await startMeasured([...sources, here("floor.ts"), "h2"]);
  const emptyBytes = floor.rssBytes();
  const kb = async ({ process, url, callers, emptyBytes: before }: Side): Promise<number> => {
    const group = createStreamGroup("grpc", url, watchers / streamsEach);
    await inTurns(watchers, 256, (at) => group.open(callers[at % callers.length] ?? { token: "-", sessionId: "-" }));
    await new Promise((resolve) => setTimeout(resolve, restMs));
    const each = (process.rssBytes() - before) / watchers / 1024;
    group.close();
    return each;
  };
  try {
    const own = await kb(ours);
    const none = { token: "-", sessionId: "-" };
    const raw = await kb({ process: floor, url: floor.hello.url ?? "", callers: [none], emptyBytes });
    const goal = streamsEach === 1 ? 1.3 : 2.5;
    const measure = "× a raw stream of node:http2";
    return {
      name,
      ours: own,
      peer: raw,
      unit: "KB each",
      peerName: "node:http2",
      value: own / raw,
      goal,
      sense: "most",
      measure,
    };
  } finally {
    await Promise.all([ours.process.stop(), floor.stop()]);
  }
}
