// SPEC §17: the server's time, in whole milliseconds, and ends that are closed.
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { OnlineStatus, type Profile, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { between } from "./lib/a-instants.ts";
import { msOf, rowIn } from "./lib/b-values.ts";
import { lossMs, sessionOf, setEnding, shortestRowMs, targets, textsEnd, textTtl } from "./lib/c-actors.ts";
import { content, eventsOf, fold, foldToFence } from "./lib/c-state.ts";

/** How far a time that the server takes now may be from what its clock tells: the suite's own slack for reading that clock. */
const slackMs = 3_000;

type Times = Map<string, Timestamp | undefined>;

function statusTimes(times: Times, where: string, status: UserStatus | undefined): void {
  times.set(`${where}: expire_time of the text`, status?.customStatus?.expireTime);
  times.set(`${where}: update_time`, status?.updateTime);
  times.set(`${where}: online_status_update_time`, status?.onlineStatusUpdateTime);
  times.set(`${where}: custom_status_update_time`, status?.customStatusUpdateTime);
}

/** Every kind of time that can be on the wire, of things that happen now. */
async function allTimes(t: Bench): Promise<Times> {
  const [target] = await targets(t, 1);
  const times: Times = new Map();
  const session = await t.session();
  times.set("Login: server_time", session.login.serverTime);
  times.set("Login: login_time", session.login.self?.sessions[0]?.loginTime);
  await sessionOf(target).set("on time");
  times.set("Heartbeat: server_time", (await session.heartbeat()).serverTime);
  const [row] = await session.subscribe([target.id]);
  t.ok(row?.result.case === "subscribed", "Subscribe must answer with a row", row?.result);
  times.set("Subscribe: refresh_time", row.result.value.subscription?.refreshTime);
  times.set("Subscribe: expire_time", row.result.value.subscription?.expireTime);
  statusTimes(times, "QueryStatuses", await session.statusOf(target.id));
  const watch = await session.watch();
  times.set("hello: server_time", eventsOf(watch, "hello")[0]?.value.serverTime);
  const held = await foldToFence(watch);
  statusTimes(times, "Watch", held.statuses.get(target.id));
  times.set("Watch: login_time", held.self?.sessions[0]?.loginTime);
  times.set("Watch: refresh_time", held.rows.get(target.id)?.refreshTime);
  times.set("Watch: expire_time", held.rows.get(target.id)?.expireTime);
  return times;
}

const mustBeSet = [
  "Login: server_time",
  "Login: login_time",
  "Heartbeat: server_time",
  "Subscribe: refresh_time",
  "hello: server_time",
];
const statusTimesSet = ["update_time", "online_status_update_time", "custom_status_update_time"];

const server: Check[] = [
  {
    id: "time-server/whole-milliseconds",
    title: "every time on the wire is in whole milliseconds",
    async run(t: Bench) {
      const times = await allTimes(t);
      for (const name of mustBeSet) t.ok(times.get(name) !== undefined, `${name} must be set`);
      for (const [name, time] of times) {
        if (time !== undefined) t.equal(time.nanos % 1_000_000, 0, `nanoseconds beyond whole milliseconds of ${name}`);
      }
    },
  },
  {
    id: "time-server/near-its-clock",
    title: "times of what happens now are the server's now, not another clock's",
    async run(t: Bench) {
      const before = await t.time.now();
      const times = await allTimes(t);
      const after = await t.time.now();
      const aboutMs = slackMs + t.time.errorMs();
      const shown = t.profile.status?.timestamps
        ? ["QueryStatuses", "Watch"].flatMap((of) => statusTimesSet.map((name) => `${of}: ${name}`))
        : [];
      for (const name of [...mustBeSet, ...shown]) {
        const time = times.get(name);
        const now = time === undefined ? 0 : timestampMs(time);
        t.ok(
          now >= before - aboutMs && now <= after + aboutMs,
          `${name} must be from ${before} to ${after}, give or take ${aboutMs} ms`,
          now,
        );
      }
    },
  },
  {
    id: "time-server/absolute",
    title: "a time that was told stays the same when it is told again later",
    applies: (profile) => profile.status?.timestamps === true || "statuses have no times",
    timeMs: () => 1_500,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const observer = await t.session();
      await sessionOf(target).set("then");
      const first = content(await observer.statusOf(target.id));
      t.ok(
        first.updateMs !== undefined && first.customMs !== undefined && first.onlineMs !== undefined,
        "all three times must be set",
        first,
      );
      await t.time.pass(1_500, [observer, sessionOf(target)]);
      t.equal(content(await observer.statusOf(target.id)), first, "status of a quiet target, 1,500 ms later");
    },
  },
];

async function textSeen(observer: TestSession, id: string): Promise<string[]> {
  const query = (await observer.statusOf(id)).customStatus?.text ?? "";
  const list = (await observer.list([id]))[0]?.status?.customStatus?.text ?? "";
  const snapshot = (await foldToFence(await observer.watch())).statuses.get(id)?.customStatus?.text ?? "";
  return [query, list, snapshot];
}

const closed: Check[] = [
  {
    id: "time-closed/text",
    title: "a text is in every answer until its expire_time, and in none from then on",
    applies: textsEnd,
    timeMs: (profile) => textTtl(profile, 4_000)?.ttlMs ?? 0,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const observer = await t.session();
      await observer.subscribe([target.id]);
      const endMs = await setEnding(t, sessionOf(target), "until", 4_000);
      const alive = [observer, sessionOf(target)];
      await t.time.justBefore(endMs, alive);
      t.equal((await observer.statusOf(target.id)).customStatus?.text, "until", "text just before its end");
      await t.time.reach(endMs, alive);
      t.equal(await textSeen(observer, target.id), ["", "", ""], "text in query, list and snapshot at its end");
    },
  },
  {
    id: "time-closed/row",
    title: "a row is listed until its expire_time, and not from then on",
    claims: ["subscription_ttl"],
    timeMs: shortestRowMs,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const session = await t.session();
      const [row] = await session.subscribe([target.id], shortestRowMs(t.profile));
      const end = row?.result.case === "subscribed" ? row.result.value.subscription?.expireTime : undefined;
      t.ok(end !== undefined, "the answer to Subscribe must have expire_time", row?.result);
      await t.time.justBefore(timestampMs(end), [session]);
      t.equal((await session.list()).length, 1, "number of rows just before the end");
      await t.time.reach(timestampMs(end), [session]);
      t.equal((await session.list()).length, 0, "number of rows at the end");
      t.equal((await foldToFence(await session.watch())).rows.size, 0, "number of rows in a snapshot at the end");
    },
  },
  {
    id: "time-closed/lost-link",
    title: "a silent session shows ONLINE until lease and grace have passed, and not from then on",
    timeMs: lossMs,
    async run(t: Bench) {
      const observer = await t.session();
      const silent = await t.session();
      const { leaseMs, graceMs } = t.liveness(silent.platform);
      t.ok(silent.login.serverTime !== undefined, "the answer to Login must have server_time");
      const endMs = timestampMs(silent.login.serverTime) + leaseMs + graceMs;
      await t.time.justBefore(endMs, [observer]);
      t.equal(
        (await observer.statusOf(silent.user.id)).onlineStatus,
        OnlineStatus.ONLINE,
        "online status just before lease and grace end",
      );
      await t.time.reach(endMs, [observer]);
      const status = (await observer.statusOf(silent.user.id)).onlineStatus;
      t.ok(
        status !== OnlineStatus.ONLINE,
        "a session whose lease and grace have ended must not count as ONLINE",
        status,
      );
    },
  },
  {
    id: "time-closed/while-a-watch-opens",
    title: "a text that ends while Watches open is held by none of them in the end",
    applies: textsEnd,
    timeMs: (profile) => textTtl(profile, 4_000)?.ttlMs ?? 0,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const observers = await Promise.all([t.session(), t.session(), t.session()]);
      for (const observer of observers) await observer.subscribe([target.id]);
      const endMs = await setEnding(t, sessionOf(target), "almost", 4_000);
      await t.time.justBefore(endMs, [...observers, sessionOf(target)]);
      const [watches] = await Promise.all([
        Promise.all(observers.map((observer) => observer.watch())),
        t.time.reach(endMs),
      ]);
      for (const watch of watches) {
        const marker = await watch.fence();
        const status = fold(undefined, watch.seen.slice(0, marker)).statuses.get(target.id);
        t.equal(
          [status?.onlineStatus, status?.customStatus?.text ?? ""],
          [OnlineStatus.ONLINE, ""],
          "status and text held",
        );
      }
    },
  },
];

/** What a ttl has beyond whole milliseconds: to the nearest it would be one more. */
const partMs = 0.7;

/** A ttl of this kind, a little above the least, is cut to whole milliseconds. */
function cutCheck(
  kind: "text" | "row",
  rulesOf: (profile: Profile) => Profile["customStatus"] | Profile["subscription"],
  give: (t: Bench, ttlMs: number) => Promise<Timestamp | undefined>,
): Check {
  const leastMs = (profile: Profile): number => msOf(rulesOf(profile)?.minTtl) ?? 0;
  return {
    id: `time-closed/ttl-of-a-${kind}-is-cut`,
    title: `a ttl of a ${kind} that is no whole number of milliseconds is cut to one, never rounded up`,
    claims: [kind === "text" ? "custom_status_ttl" : "subscription_ttl"],
    applies: (profile) =>
      leastMs(profile) + 1 <= (msOf(rulesOf(profile)?.maxTtl) ?? 0) || "min_ttl and max_ttl are the same",
    async run(t: Bench) {
      const before = await t.time.now();
      const end = await give(t, leastMs(t.profile) + partMs);
      const after = await t.time.now();
      t.ok(end !== undefined, `a ${kind} with a ttl must have expire_time`);
      between(
        t,
        timestampMs(end) - leastMs(t.profile),
        before,
        after,
        "expire_time less the whole milliseconds of the ttl",
      );
    },
  };
}

const cut: Check[] = [
  cutCheck(
    "text",
    (profile) => profile.customStatus,
    async (t, ttlMs) => (await (await t.session()).set("cut", ttlMs)).self?.status?.customStatus?.expireTime,
  ),
  cutCheck(
    "row",
    (profile) => profile.subscription,
    async (t, ttlMs) => {
      const { id } = await t.user();
      return rowIn(t, await (await t.session()).subscribe([id], ttlMs), id).row.expireTime;
    },
  ),
];

/** Checks of time. */
export const timeChecks: readonly Check[] = [...server, ...closed, ...cut];
