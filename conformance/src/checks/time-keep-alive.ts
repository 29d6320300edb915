// Checks of SPEC §17, time-server: the time of keep-alives is that of everything else.
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Bench, Check } from "../check.ts";
import { keepAliveMs, progressBy, progressDueMs } from "./lib/c-wall.ts";

/** How far a time that the server takes now may be from what its clock tells: the suite's own slack for reading that clock. */
const slackMs = 3_000;
/** By so much a clock that can be moved is, so that the wall's tells another time. */
const apartMs = 2 * slackMs;

/** Checks of the time of keep-alives. */
export const timeKeepAliveChecks: readonly Check[] = [
  {
    id: "time-server/keep-alive",
    title: "server_time of a progress is the server's now, not another clock's",
    timeMs: () => apartMs,
    wallMs: progressDueMs,
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await t.time.pass(apartMs, "all");
      await watch.fence();
      const mark = watch.mark();
      const before = await t.time.now();
      const came = await progressBy(session, watch, progressDueMs(keepAliveMs(t)));
      t.ok(came, "a progress must come within the keep_alive_interval and some slack");
      const time = await watch.find(
        "a progress with server_time",
        (event) => (event.case === "progress" ? event.value.serverTime : undefined),
        mark,
      );
      const after = await t.time.now();
      const aboutMs = slackMs + t.time.errorMs();
      const now = timestampMs(time);
      t.ok(
        now >= before - aboutMs && now <= after + aboutMs,
        `server_time of a progress must be from ${before} to ${after}, give or take ${aboutMs} ms`,
        now,
      );
    },
  },
];
