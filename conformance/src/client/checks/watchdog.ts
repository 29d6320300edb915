// client-watchdog: a stream on which nothing came for 2.5 times the keep-alive interval is given up, and followed by another.
import { setTimeout as sleep } from "node:timers/promises";
import { WatchEndReason } from "@userstatus/protocol";
import type { ClientBench, ClientCheck } from "../check.ts";
import { bytes } from "../server/server-watch.ts";
import { status, target } from "./lib.ts";

const keepAliveMs = 600;
const quick = { keepAliveMs } as const;
const dogMs = keepAliveMs * 2.5;

/** Longest time from the last sign of a stream to the next Watch. */
function dueMs(t: ClientBench): number {
  return dogMs + t.backoff.maxMs + t.patienceMs;
}

export const watchdogChecks: readonly ClientCheck[] = [
  {
    id: "client-watchdog/silence",
    title: "gives up a stream that falls silent without an end, and comes back, though its heartbeats are answered",
    server: { ...quick, heartbeatMs: 400 },
    everyProtocol: true,
    longMs: () => dogMs,
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      watch.silence();
      const what = "a client must come back when nothing came for 2.5 keep-alive intervals";
      const next = await t.nextOpenWatch(what, { events: target("alice", 2, "back") }, dueMs(t));
      const { statuses } = await t.fence(next);
      t.equal(statuses.alice?.text, "back", "alice's text on the new stream");
      t.ok(watch.isOver(), "the silent stream must be given up", "an end of it", "it is still open");
    },
  },
  {
    id: "client-watchdog/before-hello",
    title: "gives up a stream on which not even hello comes, by the interval that GetServerInfo told",
    server: quick,
    longMs: () => dogMs,
    run: async (t) => {
      const watch = await t.connect();
      watch.finish();
      await t.nextWatch("after a stream that broke a client must come back");
      const what = "a client must give up a Watch on which nothing ever comes";
      await t.nextOpenWatch(what, { events: target("alice", 1) }, dueMs(t));
    },
  },
  {
    id: "client-watchdog/hello-interval",
    title: "goes by the interval that hello told, where it is not that of GetServerInfo",
    longMs: () => dogMs,
    run: async (t) => {
      const login = t.client.ask({ op: "login" });
      const watch = await t.nextWatch("a client that logs in must open a Watch");
      watch.open({ keepAliveMs });
      await t.must("login must succeed", login);
      watch.silence();
      await t.nextWatch("a client must come back when nothing came for 2.5 of the intervals that hello told", dueMs(t));
    },
  },
  {
    id: "client-watchdog/after-end",
    title: "gives up a stream that stays open and silent after its watch_end, and comes back",
    server: quick,
    longMs: () => dogMs,
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      watch.silence();
      watch.send({ case: "watchEnd", value: { reason: WatchEndReason.RESYNC, mayResume: true } });
      const what = "a client must come back when nothing came for 2.5 keep-alive intervals after a watch_end";
      const next = await t.nextOpenWatch(what, { events: target("alice", 2, "back") }, dueMs(t));
      const { statuses } = await t.fence(next);
      t.equal(statuses.alice?.text, "back", "alice's text on the new stream");
    },
  },
  {
    id: "client-watchdog/dead-connection",
    title: "comes back over another connection where the one that it has passes nothing any more",
    server: quick,
    everyProtocol: true,
    longMs: () => dogMs * 2,
    run: async (t) => {
      await t.connect({ events: target("alice", 1) });
      const before = t.server.link.connections();
      t.server.link.deaden();
      t.note("nothing passes any more over the connections that are open; new ones are good");
      // A second try over the dead connection may be given up in the same way; a third one is no way to come back.
      const what = "a client must come back over a new connection when the old one is dead";
      const next = await t.nextOpenWatch(what, { events: target("alice", 2, "back") }, dogMs + dueMs(t));
      const { statuses } = await t.fence(next);
      t.equal(statuses.alice?.text, "back", "alice's text on the new stream");
      t.ok(t.server.link.connections() > before, "a new connection", `more than ${before}`, `${before}`);
    },
  },
  {
    id: "client-watchdog/patience",
    title:
      "stays with a stream that follows a broken one, on which something comes each interval: keep-alives, statuses, events that it does not know",
    server: quick,
    longMs: () => keepAliveMs * 9,
    run: async (t) => {
      const broken = await t.connect();
      broken.finish();
      const watch = await t.nextOpenWatch("after a stream that broke a client must come back", {
        events: target("alice", 1),
      });
      watch.silence();
      const mark = t.server.arrivals.mark();
      const cursor = bytes("cursor-1");
      const signs: (() => void)[] = [
        () => watch.send({ case: "progress", value: { cursor } }),
        () => watch.sendJson([{ futureEvent: { userId: "alice" } }]),
        () => watch.send(status("alice", 2)),
      ];
      for (let sign = 0; sign < 9; sign++) {
        await sleep(keepAliveMs);
        signs[sign % signs.length]?.();
      }
      if (t.lagMs() > keepAliveMs) t.inconclusive("this machine stood still for longer than a keep-alive interval");
      t.equal(t.server.arrivals.after(mark, "watch").length, 0, "Watches that it opened while its stream was alive");
      t.ok(
        !watch.isOver(),
        "a stream that keeps its interval must be kept",
        "an open stream",
        "the client has left it",
      );
    },
  },
];
