// SPEC §11: Watches of sessions that are over, a second Watch of a session, and how a stream ends.
import { OnlineStatus, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, Refusal, TestWatch } from "../check.ts";
import { flip, graceMs, lossMs, targets } from "./lib/c-actors.ts";
import { backlog } from "./lib/c-backlog.ts";
import { foldToFence, plain } from "./lib/c-state.ts";

/** A Watch that nobody serves: what it was refused with. */
async function watchRefused(
  t: Bench,
  watch: TestWatch,
  reason: "SESSION_ENDED" | "SESSION_NOT_FOUND",
  what: string,
): Promise<Refusal> {
  const { error } = await watch.end(what);
  return t.refused(
    error === undefined ? Promise.resolve("a stream that ended without an error") : Promise.reject(error),
    reason,
    what,
  );
}

/** The server ends the stream: without an error, and with `watch_end` as the last event. */
async function endsCleanly(t: Bench, watch: TestWatch, reason: WatchEndReason, what: string): Promise<void> {
  const { end, error } = await watch.end(what);
  t.equal(error, undefined, `error with which the stream closed: ${what}`);
  t.equal(end?.reason, reason, `reason in watch_end: ${what}`);
  t.equal(watch.seen.filter(({ event }) => event.case === "watchEnd").length, 1, `number of watch_end events: ${what}`);
  t.equal(watch.seen.at(-1)?.event.case, "watchEnd", `last event of the stream: ${what}`);
}

const opening: Check[] = [
  {
    id: "watch-session/ended",
    title: "a Watch with the id of a session that logged out is refused with SESSION_ENDED",
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await watch.fence();
      await session.logout();
      const refusal = await watchRefused(t, session.openWatch(), "SESSION_ENDED", "Watch of a session that logged out");
      t.equal(refusal.endReason, "LOGGED_OUT", "end_reason of the refusal");
    },
  },
  {
    id: "watch-session/unknown",
    title: "a Watch with an id that was never issued is refused with SESSION_NOT_FOUND, while a real one is served",
    async run(t: Bench) {
      const { user, watch } = await t.watcher();
      const stream = user.client().watch({ sessionId: `no-such-${t.random.text(12)}` }, { timeoutMs: 10_000 });
      const first = stream[Symbol.asyncIterator]().next();
      await t.refused(first, "SESSION_NOT_FOUND", "Watch of a session that was never issued");
      await watch.fence();
    },
  },
];

const replaced: Check[] = [
  {
    id: "watch-replaced/first-ends",
    title:
      "a second and a third Watch of a session are served, and the one before ends with REPLACED and without may_resume",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      await watch.fence();
      let older = watch;
      for (const which of ["first", "second"]) {
        const newer = await session.watch();
        const { end, error } = await older.end(`the ${which} Watch of a session after another was opened`);
        t.equal(error, undefined, `error with which the ${which} Watch closed`);
        t.equal(
          [end?.reason, end?.mayResume],
          [WatchEndReason.REPLACED, false],
          `reason and may_resume of the ${which} Watch's end`,
        );
        const online = await flip(target);
        t.equal(
          (await foldToFence(newer)).statuses.get(target.id)?.onlineStatus,
          online,
          `online status told on the Watch that replaced the ${which}`,
        );
        older = newer;
      }
    },
  },
  {
    id: "watch-replaced/status-stays",
    title: "others see nothing of a Watch that takes another's place",
    async run(t: Bench) {
      const { session } = await t.watcher();
      const observer = await t.watcher();
      await observer.session.subscribe([session.user.id]);
      const before = (await foldToFence(observer.watch)).statuses.get(session.user.id);
      t.equal(before?.onlineStatus, OnlineStatus.ONLINE, "online status before");
      for (let round = 0; round < 3; round += 1) await (await session.watch()).fence();
      const held = (await foldToFence(observer.watch)).statuses.get(session.user.id);
      t.equal(plain(held), plain(before), "status that the observer holds after three Watches of one session");
      t.equal(plain(await observer.session.statusOf(session.user.id)), plain(before), "status by QueryStatuses");
    },
  },
  {
    id: "watch-replaced/no-link-loss",
    title: "the end of the first Watch is no link loss: after the grace the session lives on",
    applies: (profile) => graceMs(profile) * 2 < lossMs(profile) || "the grace is as long as the lease",
    timeMs: (profile) => graceMs(profile) + 1_000,
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      const life = t.liveness(session.platform);
      const second = await session.watch();
      await watch.end("the first Watch of a session after a second was opened");
      await watch.close();
      await t.time.pass(life.graceMs + Math.floor(Math.min(1_000, (life.leaseMs - life.graceMs) / 2)));
      await second.fence();
      const observer = await t.session();
      t.equal(
        (await observer.statusOf(session.user.id)).onlineStatus,
        OnlineStatus.ONLINE,
        "online status after the grace",
      );
    },
  },
];

const ends: Check[] = [
  {
    id: "watch-end-last/logged-out",
    title: "a stream that ends by Logout has watch_end last and closes without an error",
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await watch.fence();
      await session.logout();
      await endsCleanly(t, watch, WatchEndReason.LOGGED_OUT, "Watch of a session that logged out");
    },
  },
  {
    id: "watch-end-last/replaced",
    title:
      "a stream that another Watch replaces has watch_end last and closes without an error, though targets change meanwhile",
    async run(t: Bench) {
      const crowd = await targets(t, 4);
      const { session, watch } = await t.watcher();
      await session.subscribe(crowd.map((target) => target.id));
      await watch.fence();
      const [second] = await Promise.all([session.watch(), ...crowd.map((target) => flip(target))]);
      await endsCleanly(t, watch, WatchEndReason.REPLACED, "Watch that was replaced while targets changed");
      await second.fence();
    },
  },
  {
    id: "watch-end-last/not-read",
    title:
      "a stream that is replaced while nobody reads it has watch_end last all the same, and closes without an error",
    async run(t: Bench) {
      const { session, watch } = await t.watcher({ relay: true });
      const pile = await backlog(t, session);
      await watch.fence();
      watch.link.stall();
      await pile.press(8);
      const second = await session.watch();
      watch.link.unstall();
      const { end } = await watch.end("Watch that was replaced while nobody read it");
      // A server may have ended it before as too far behind.
      const reason = end?.mayResume ? WatchEndReason.RESYNC : WatchEndReason.REPLACED;
      await endsCleanly(t, watch, reason, "Watch that was replaced while nobody read it");
      await second.fence();
    },
  },
  {
    id: "watch-end-last/lease",
    title: "a stream whose session falls silent has watch_end last and closes without an error",
    timeMs: lossMs,
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await watch.fence();
      await t.time.pass(t.liveness(session.platform).leaseMs);
      await endsCleanly(t, watch, WatchEndReason.LEASE_EXPIRED, "Watch of a session whose lease ended");
    },
  },
  {
    id: "watch-end-last/ended-by-admin",
    title: "a stream that the app's backend ends has watch_end last and closes without an error",
    tools: ["admin"],
    claims: ["admin"],
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await watch.fence();
      t.equal(await t.admin.endSessions(session.user.id), [session.id], "sessions that EndSessions ended");
      await endsCleanly(t, watch, WatchEndReason.KICKED, "Watch of a session that the backend ended");
    },
  },
];

/** Checks of refused Watches, of a second Watch of a session, and of the end of a stream. */
export const watchEndChecks: readonly Check[] = [...opening, ...replaced, ...ends];
