// Checks of SPEC §10.1, that no change of a target is lost: after Subscribe, and while it is under way.
import { OnlineStatus, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { keepLive, twoSessions } from "./lib/b-sessions.ts";
import { rowIn, rowLimits, sampleText, statusIn, textOf } from "./lib/b-values.ts";
import { roomFor } from "./lib/c-actors.ts";
import { plain } from "./lib/c-state.ts";

const everyChange: Check = {
  id: "sub-delivers/changes",
  title: "A target sets a text, logs out and logs in: after each, the Watch holds what a query gives",
  timeMs: (profile) => paceMs(profile, { QueryStatuses: 4 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const target = await t.session();
    const id = target.user.id;
    await watcher.subscribe([id]);
    const holds = async (online: OnlineStatus, text: string, after: string): Promise<void> => {
      const asked = statusIn(t, await pace.query(watcher, [id]), id);
      t.equal([asked.onlineStatus, textOf(asked)], [online, text], `online status and text in a query ${after}`);
      await watch.status(id, `that status on the Watch ${after}`, (status) => status.revision >= asked.revision);
      t.equal(plain(watch.held(id)), plain(asked), `status that the Watch gave last ${after}, against QueryStatuses`);
    };
    const text = sampleText(t);
    await target.set(text);
    await holds(OnlineStatus.ONLINE, text, "after SetCustomStatus");
    const other = sampleText(t, 1);
    await target.logout();
    const asked = statusIn(t, await pace.query(watcher, [id]), id);
    await holds(OnlineStatus.LOGGED_OUT, textOf(asked), "after Logout");
    await target.user.login({ text: other });
    await holds(OnlineStatus.ONLINE, other, "after Login");
  },
};

const everySession: Check = {
  id: "sub-delivers/every-session",
  title:
    "Changes of a target reach the Watch of the session that subscribed, of one that was there, and of one opened later",
  claims: ["multi_session"],
  applies: roomFor(2),
  run: async (t: Bench) => {
    const [caller, other] = await twoSessions(t);
    const target = await t.session();
    const id = target.user.id;
    const early = await caller.watch();
    await caller.subscribe([id]);
    const late = await other.watch();
    const watches = [early, late];
    const marks = watches.map((watch) => watch.mark());
    await target.logout();
    const fits = (status: UserStatus): boolean => status.onlineStatus === OnlineStatus.LOGGED_OUT;
    for (const [index, watch] of watches.entries())
      await watch.status(id, "LOGGED_OUT on each Watch of the user", fits, marks[index]);
  },
};

const manyAtOnce: Check = {
  id: "sub-delivers/many-at-once",
  title: "A batch of targets change at once: after a fence the Watch holds the change of every one",
  run: async (t: Bench) => {
    const { subscribeMax, rowsMax } = rowLimits(t.profile);
    const users = await t.users(Math.min(20, subscribeMax, rowsMax));
    const sessions = await Promise.all(users.map((user) => user.login()));
    const { session: watcher, watch } = await t.watcher();
    await watcher.subscribe(users.map((user) => user.id));
    await watch.fence();
    for (const user of users)
      t.equal(watch.held(user.id)?.onlineStatus, OnlineStatus.ONLINE, "online status held before the change");
    await Promise.all(sessions.map((session) => session.logout()));
    await watch.fence();
    for (const user of users)
      t.equal(watch.held(user.id)?.onlineStatus, OnlineStatus.LOGGED_OUT, "online status held after the change");
  },
};

const raceRounds = 30;

function rounds(profile: Bench["profile"]): number {
  return Math.min(raceRounds, rowLimits(profile).rowsMax);
}

const race: Check = {
  id: "sub-race/changes-while-subscribing",
  title:
    "Targets set a text, log in or log out at the moment of a Subscribe: once quiet, answer and Watch give what a query gives",
  timeMs: (profile) => paceMs(profile, { Subscribe: rounds(profile), QueryStatuses: rounds(profile) }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const answered = new Map<string, UserStatus>();
    for (const [round, user] of (await t.users(rounds(t.profile))).entries()) {
      const before = round % 3 === 0 ? undefined : await user.login();
      const change = async (): Promise<void> => {
        if (before === undefined) await user.login({ text: sampleText(t) });
        else if (round % 3 === 1) await before.set(sampleText(t));
        else await before.logout();
      };
      const subscribe = async (): Promise<void> => {
        answered.set(user.id, rowIn(t, await watcher.subscribe([user.id]), user.id).status);
      };
      await pace.room(watcher, "Subscribe");
      await keepLive(t, before === undefined ? [watcher] : [watcher, before]);
      await Promise.all(t.random.int(2) === 0 ? [subscribe(), change()] : [change(), subscribe()]);
    }
    await watch.fence();
    const results = await pace.query(watcher, [...answered.keys()]);
    for (const [id, inAnswer] of answered) {
      const told = watch.held(id);
      const newest = told !== undefined && told.revision >= inAnswer.revision ? told : inAnswer;
      t.equal(
        plain(newest),
        plain(statusIn(t, results, id)),
        `newest status of ${id} in answer and Watch, against QueryStatuses`,
      );
    }
  },
};

export const subscribeDeliversChecks: readonly Check[] = [everyChange, everySession, manyAtOnce, race];
