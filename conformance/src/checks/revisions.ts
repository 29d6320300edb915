// SPEC §13: revisions.
import { OnlineStatus, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { flip, lossMs, sessionOf, setEnding, targets, textsEnd, textTtl } from "./lib/c-actors.ts";
import { content, eventsOf, foldToFence, plain } from "./lib/c-state.ts";

const revisionEnd = 2n ** 53n;
const burstCount = 4;

/** The status after a change: another content, and a higher revision than before. */
async function rises(t: Bench, observer: TestSession, before: UserStatus, what: string): Promise<UserStatus> {
  const after = await observer.statusOf(before.userId);
  t.ok(
    JSON.stringify(content(after)) !== JSON.stringify(content(before)),
    `the status must be another one after ${what}`,
    content(after),
  );
  t.ok(
    after.revision > before.revision,
    `the revision must be higher than ${before.revision} after ${what}`,
    after.revision,
  );
  return after;
}

const order: Check[] = [
  {
    id: "rev-order/under-fire",
    title:
      "sessions of one user come, go and speak all at once: on a stream his revisions never go down, nor those of self",
    async run(t: Bench) {
      const user = await t.user();
      const stable = await t.watcher();
      await stable.session.subscribe([user.id]);
      const own = await (await user.login()).watch();
      const busy = async (): Promise<void> => {
        for (let round = 0; round < 3; round += 1) {
          const device = `busy-${t.random.int(3)}`;
          const session = await user.tryLogin({ device, text: t.random.text(8) }).catch(() => undefined);
          if (session === undefined || t.random.int(2) === 0) continue;
          await user
            .client()
            .logout({ sessionId: session.sessionId })
            .catch(() => undefined);
        }
      };
      for (let burst = 0; burst < burstCount; burst += 1) {
        await Promise.all([busy(), busy(), busy()]);
        await user.login({ text: `burst ${burst}` });
        await stable.watch.fence();
      }
      const told = stable.watch.statusesOf(user.id).map((status) => status.revision);
      t.ok(new Set(told).size >= burstCount, "the stream must tell a revision of each burst, or more", told);
      t.equal(told, [...told].sort(ascending), "revisions of the target in the order they came");
      const selves = eventsOf(own, "self").map((event) => event.value.status?.revision ?? 0n);
      t.ok(selves.length > 0, "the busy user's own Watch must tell self");
      t.equal(selves, [...selves].sort(ascending), "revisions of self in the order they came");
    },
  },
];

function ascending(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The status of a target by every way in which one can see it, at a quiet moment. */
async function everySight(t: Bench, observer: TestSession, id: string): Promise<Map<string, UserStatus | undefined>> {
  const sights = new Map<string, UserStatus | undefined>();
  const [answer] = await observer.subscribe([id]);
  sights.set("Subscribe", answer?.result.case === "subscribed" ? answer.result.value.status : undefined);
  sights.set("QueryStatuses", await observer.statusOf(id));
  sights.set("ListSubscriptions", (await observer.list([id]))[0]?.status);
  sights.set("Watch", (await foldToFence(await observer.watch())).statuses.get(id));
  sights.set("QueryStatuses of another user", await (await t.session()).statusOf(id));
  return sights;
}

const change: Check[] = [
  {
    id: "rev-change/each-change",
    title: "text set, replaced and cleared, logout and login each give a higher revision",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const observer = await t.session();
      let status = await observer.statusOf(target.id);
      await sessionOf(target).set("one");
      status = await rises(t, observer, status, "SetCustomStatus");
      await target.user.login({ device: sessionOf(target).device, platform: sessionOf(target).platform, text: "two" });
      status = await rises(t, observer, status, "a text in Login");
      await flip(target);
      status = await rises(t, observer, status, "Logout");
      await flip(target, "three");
      status = await rises(t, observer, status, "Login with a text");
      await sessionOf((await targets(t, 1))[0]).set("other");
      t.equal(plain(await observer.statusOf(target.id)), plain(status), "status after another user's change");
    },
  },
  {
    id: "rev-change/by-time",
    title: "the loss of a session gives a higher revision",
    timeMs: lossMs,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const observer = await t.session();
      const before = await observer.statusOf(target.id);
      const { leaseMs, graceMs } = t.liveness(sessionOf(target).platform);
      await t.time.pass(leaseMs + graceMs, [observer]);
      const after = await rises(t, observer, before, "the loss of the session");
      t.ok(
        after.onlineStatus !== OnlineStatus.ONLINE,
        "a user whose only session was lost must not be ONLINE",
        after.onlineStatus,
      );
    },
  },
  {
    id: "rev-change/text-ends",
    title: "the end of a text gives a higher revision",
    applies: textsEnd,
    timeMs: (profile) => textTtl(profile, 2_000)?.ttlMs ?? 0,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const observer = await t.session();
      const endMs = await setEnding(t, sessionOf(target), "brief", 2_000);
      const before = await observer.statusOf(target.id);
      t.equal(before.customStatus?.text, "brief", "text before it ends");
      await t.time.reach(endMs, [observer, sessionOf(target)]);
      await rises(t, observer, before, "the end of the text");
    },
  },
  {
    id: "rev-change/same-everywhere",
    title: "at a quiet moment one target has one revision and one content, in every answer and on the stream",
    async run(t: Bench) {
      const [target, gone] = await targets(t, 2);
      await sessionOf(target).set("the same");
      await flip(gone);
      const observer = await t.session();
      for (const one of [target, gone]) {
        const sights = await everySight(t, observer, one.id);
        const first = sights.get("Subscribe");
        t.ok(first !== undefined, "the answer to Subscribe must have a status");
        for (const [where, status] of sights)
          t.equal(plain(status), plain(first), `status of a quiet target in ${where}`);
      }
    },
  },
];

const safe: Check[] = [
  {
    id: "rev-safe/bounds",
    title: "every revision is at least 0 and below 2^53, of users who never logged in too",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const idle = await t.user();
      const { session, watch } = await t.watcher();
      const ids = [target.id, idle.id];
      await session.subscribe(ids);
      await flip(target);
      await flip(target);
      const held = await foldToFence(watch);
      const revisions = [...held.statuses.values(), ...(held.self?.status ? [held.self.status] : [])].map(
        (status) => status.revision,
      );
      revisions.push(session.login.self?.status?.revision ?? -1n);
      t.equal(revisions.length, 4, "number of revisions seen");
      t.ok(
        revisions.every((revision) => revision >= 0n && revision < revisionEnd),
        "every revision must be at least 0 and below 2^53",
        revisions,
      );
    },
  },
  {
    id: "rev-safe/registered-anew",
    title: "revisions of a user who was deleted and registered anew are higher than all before",
    claims: ["user_registry", "admin"],
    tools: ["admin"],
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const observer = await t.session();
      const session = sessionOf(target);
      await session.set("first");
      const before = await observer.statusOf(target.id);
      const ownBefore = (await session.logout()).self?.status?.revision ?? 0n;
      const last = await observer.statusOf(target.id);
      await t.admin.remove([target.id]);
      await t.admin.register([target.id]);
      const anew = await observer.statusOf(target.id);
      t.equal(anew.customStatus?.text ?? "", "", "text of the user who was registered anew");
      t.ok(
        anew.revision > last.revision && last.revision > before.revision,
        "revisions must rise from before the deletion to after the new registration",
        [before, last, anew].map(plain),
      );
      const back = await target.user.login();
      const own = back.login.self?.status?.revision ?? 0n;
      t.ok(own > ownBefore, `the revision of self must be higher than ${ownBefore} after the new registration`, own);
      await rises(t, observer, anew, "login after the new registration");
    },
  },
];

/** Checks of revisions. */
export const revisionChecks: readonly Check[] = [...order, ...change, ...safe];
