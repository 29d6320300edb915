// client-heartbeat, whatever else is called: neither other calls nor a beat that is never answered keep the next one off.
import { setTimeout as sleep } from "node:timers/promises";
import { durationOf } from "../../units.ts";
import type { ClientBench, ClientCheck } from "../check.ts";

const intervalMs = 700;
const quick = { heartbeatMs: intervalMs } as const;

/** Calls are made much more often than beats are due. */
const callEachMs = 150;
const beats = 3;

/** A beat that is due may come so late. */
function lateMs(t: ClientBench): number {
  return intervalMs * 1.6 + t.patienceMs;
}

/** How long a client may wait for an answer before it gives the call up. Usual deadlines are far shorter, and the lease of usual servers is not longer than this and an interval. */
const deadlineMs = 60_000;
/** That of the reference client; only for the order in which checks begin. */
const usualDeadlineMs = 10_000;

async function callOnAndOn(t: ClientBench, isOver: () => boolean): Promise<void> {
  for (let at = 1; !isOver(); at++) {
    await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: [`user${at + 100}`] }));
    await sleep(callEachMs);
  }
}

async function beatsCome(t: ClientBench): Promise<void> {
  let mark = t.server.arrivals.mark();
  for (let beat = 1; beat <= beats; beat++) {
    const what = `a client must call Heartbeat each heartbeat interval while it makes other calls, which renew no lease (beat ${beat})`;
    mark = (await t.server.arrivals.next(what, mark, lateMs(t), "heartbeat")).index + 1;
  }
}

export const beatsBesideChecks: readonly ClientCheck[] = [
  {
    id: "client-heartbeat/beside-calls",
    title: "goes on calling Heartbeat each interval while other calls are made all the time",
    server: quick,
    longMs: () => intervalMs * beats,
    run: async (t) => {
      await t.connect();
      let over = false;
      const coming = beatsCome(t).finally(() => {
        over = true;
      });
      await Promise.all([coming, callOnAndOn(t, () => over)]);
    },
  },
  {
    id: "client-heartbeat/unanswered",
    title: "gives a Heartbeat up that is never answered, and goes on with signs of life",
    server: quick,
    longMs: () => usualDeadlineMs,
    run: async (t) => {
      let answered = false;
      t.server.script({
        heartbeat: () => {
          if (!answered) {
            answered = true;
            return new Promise<object>(() => {});
          }
          return { lease: durationOf(intervalMs * 3) };
        },
      });
      const mark = t.server.arrivals.mark();
      await t.connect();
      const what = "a client must call Heartbeat each heartbeat interval";
      const { index } = await t.server.arrivals.next(what, mark, lateMs(t), "heartbeat");
      // Opening a Watch and a login renew the lease, too.
      await t.server.arrivals.next(
        "a client whose Heartbeat is never answered must give it up and call the next",
        index + 1,
        deadlineMs * t.timeoutScale,
        "heartbeat",
        "login",
        "watch",
      );
    },
  },
];
