import { ResumeResult } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { flip, people, targets } from "./lib/c-actors.ts";
import { eventsOf, fold, foldToFence, holdsAll, resumeResultOf } from "./lib/c-state.ts";

function randomBytes(t: Bench, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => t.random.int(256));
}

/** What a Watch with this cursor came to: served up to snapshot_end (no error), or over with an error. */
async function outcome(session: TestSession, cursor: Uint8Array): Promise<{ watch: TestWatch; error: unknown }> {
  const watch = session.openWatch({ cursor });
  const over = watch.ended.then(({ error }) => error ?? "the stream ended");
  const served = watch.find("snapshot_end, or a refusal", (event) => (event.case === "snapshotEnd" ? true : undefined));
  const error = await Promise.race([
    served.then(() => undefined).catch(async () => (await watch.end("a Watch with this cursor")).error),
    over,
  ]);
  return { watch, error };
}

async function malformed(t: Bench, session: TestSession, cursor: Uint8Array, what: string): Promise<void> {
  const { error } = await outcome(session, cursor);
  await t.refused(error === undefined ? Promise.resolve("a Watch") : Promise.reject(error), "MALFORMED_CURSOR", what);
}

const unreadable: Check[] = [
  {
    id: "cursor-malformed/no-such-form",
    title: "bytes that are no cursor by their length are refused, and the open Watch goes on",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      for (const length of [1, 512].filter((one) => one !== watch.cursor.length)) {
        await malformed(t, session, randomBytes(t, length), `Watch with ${length} random bytes as cursor`);
        await malformed(t, session, new Uint8Array(length), `Watch with ${length} zero bytes as cursor`);
      }
      const online = await flip(target);
      t.equal(
        (await foldToFence(watch)).statuses.get(target.id)?.onlineStatus,
        online,
        "online status told on the Watch that was open",
      );
    },
  },
  {
    id: "cursor-malformed/damaged",
    title:
      "a real cursor with bytes missing, added or changed is refused as malformed or served, and never fails otherwise",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      const before = await foldToFence(watch);
      const { cursor } = watch;
      // A server that can't tell them from its own serves them: with a full snapshot, unless they happen to be one of its own.
      const damaged = [
        randomBytes(t, cursor.length),
        new Uint8Array(cursor.length),
        randomBytes(t, 16),
        cursor.slice(0, -1),
        cursor.slice(1),
        cursor.slice(0, cursor.length >> 1),
        new Uint8Array([...cursor, 7]).slice(0, 512),
      ];
      for (let tries = 0; tries < 8; tries += 1) {
        const changed = cursor.slice();
        const place = t.random.int(changed.length);
        changed[place] = (changed[place] ?? 0) ^ (1 << t.random.int(8));
        damaged.push(changed);
      }
      await flip(target);
      for (const bytes of damaged.filter((one) => one.length > 0)) {
        const { watch: served, error } = await outcome(session, bytes);
        if (error !== undefined)
          await t.refused(Promise.reject(error), "MALFORMED_CURSOR", "Watch with a damaged cursor");
        else if (resumeResultOf(served) === ResumeResult.RESET)
          await holdsAll(t, await foldToFence(served), session, "Watch with a damaged cursor");
      }
      const last = await session.watch({ cursor });
      await holdsAll(t, await foldToFence(last, before), session, "Watch with the cursor as it was");
    },
  },
];

async function resetInFull(t: Bench, session: TestSession, cursor: Uint8Array, what: string): Promise<void> {
  const { watch, error } = await outcome(session, cursor);
  t.equal(error, undefined, `error of ${what}`);
  t.equal(resumeResultOf(watch), ResumeResult.RESET, `resume_result of ${what}`);
  const [end] = eventsOf(watch, "snapshotEnd");
  const held = fold(undefined, watch.seen.slice(0, end?.index ?? 0));
  t.equal(held.self?.status?.userId, session.user.id, `user of self in the snapshot of ${what}`);
  await holdsAll(t, held, session, what);
}

const unusable: Check[] = [
  {
    id: "cursor-reset/other-user",
    title: "another user's cursor gives RESET and a full snapshot",
    async run(t: Bench) {
      const [seen, other] = await targets(t, 2);
      const owner = await t.watcher();
      await owner.session.subscribe([other.id]);
      const fresh = await owner.session.watch();
      const session = await t.session();
      await session.subscribe([seen.id]);
      await resetInFull(t, session, fresh.cursor, "a Watch with another user's cursor");
    },
  },
  {
    id: "cursor-reset/registered-anew",
    title: "the cursor of a user who was deleted and registered anew gives RESET and a full snapshot",
    claims: ["user_registry"],
    tools: ["admin"],
    async run(t: Bench) {
      const [earlier, later] = await targets(t, 2);
      const session = await t.session();
      await session.subscribe([earlier.id]);
      const { cursor } = await session.watch();
      await t.admin.remove([session.user.id]);
      await t.admin.register([session.user.id]);
      const back = await session.user.login();
      await back.subscribe([later.id]);
      await resetInFull(t, back, cursor, "a Watch with a cursor from before the deletion");
    },
  },
  {
    id: "cursor-reset/other-app",
    title: "the cursor of the user who has the same id in another app gives RESET and a full snapshot",
    claims: ["multi_app"],
    tools: ["second-app"],
    async run(t: Bench) {
      const [user, target] = await people(t, 2);
      const [here, there] = [await user.login(), await (await t.inOtherApp(user)).login()];
      await here.subscribe([target.id]);
      await there.subscribe([(await t.inOtherApp(target)).id]);
      // Both ways: a server that takes any number as its own may not know one that is too high.
      const [one, other] = [(await here.watch()).cursor, (await there.watch()).cursor];
      await resetInFull(t, here, other, "a Watch with the cursor of another app");
      await resetInFull(t, there, one, "a Watch of another app with a cursor of the first");
    },
  },
  {
    id: "cursor-reset/own-cursor",
    title:
      "one's own cursor is never an error: without `resume` it gives RESET, with it what is held is complete either way",
    async run(t: Bench) {
      const crowd = await targets(t, 3);
      const session = await t.session();
      await session.subscribe(crowd.map((target) => target.id));
      const watch = await session.watch();
      const before = await foldToFence(watch);
      const { cursor } = watch;
      for (const target of crowd) await flip(target);
      if (!t.claims.has("resume"))
        return resetInFull(t, session, cursor, "a Watch with a cursor at a server without resume");
      const again = await session.watch({ cursor });
      await holdsAll(t, await foldToFence(again, before), session, "a Watch with one's own cursor");
    },
  },
  {
    id: "cursor-reset/of-an-older-session",
    title: "a cursor of a session that is over, older than a hundred changes, is never an error",
    async run(t: Bench) {
      const crowd = await targets(t, 4);
      const { session, watch, user } = await t.watcher();
      await session.subscribe(crowd.map((target) => target.id));
      const before = await foldToFence(watch);
      const { cursor } = watch;
      await session.logout();
      await Promise.all(
        crowd.map(async (target) => {
          for (let flips = 0; flips < 31; flips += 1) await flip(target);
        }),
      );
      const back = await user.login();
      const { watch: again, error } = await outcome(back, cursor);
      t.equal(error, undefined, "error of a Watch with a cursor of a session that is over");
      await holdsAll(t, await foldToFence(again, before), back, "a Watch with a cursor of a session that is over");
    },
  },
];

/** Checks of cursors that can't be read or used. */
export const cursorChecks: readonly Check[] = [...unreadable, ...unusable];
