// Checks of SPEC §6.1, login-same-device, among several sessions: what makes a device, and its place in the order of logins.
import { deviceIdMaxBytes, type LoginResponse, Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { loginAgain } from "./lib/a-lease.ts";
import {
  firstOf,
  gracesMs,
  hasOfflinePair,
  hasPair,
  knownPlatforms,
  limitSamples,
  livenessOf,
  offlinePair,
  pairOf,
  platformName,
} from "./lib/a-profile.ts";
import { allLive, instantOf, kicked, lose, toldSessions } from "./lib/a-scenes.ts";
import { foldToFence } from "./lib/c-state.ts";

/** Long enough for a time to be another one. */
const laterMs = 10;

const long = "d".repeat(deviceIdMaxBytes - 1);
/** Device ids that are easily taken for each other. */
const nearlyTheSame: readonly (readonly [string, string])[] = [
  ["Phone-a", "phone-A"],
  [`${long}1`, `${long}2`],
];

/** What gives one's own status. */
type SelfGiven = Pick<LoginResponse, "self">;

/** The sessions of the user, in the order in which they are listed, with their login times. */
function listed(t: Bench, { self }: SelfGiven): readonly (readonly [string, number])[] {
  return (self?.sessions ?? []).map(({ sessionId, loginTime }) => [
    sessionId,
    instantOf(t, loginTime, "login_time of a session"),
  ]);
}

/** Logs in on these platforms, at different times. */
async function oneByOne(t: Bench, platforms: readonly Platform[]): Promise<readonly TestSession[]> {
  const user = await t.user();
  const sessions: TestSession[] = [];
  for (const platform of platforms) {
    if (sessions.length > 0) await t.time.pass(laterMs, "all");
    sessions.push(await user.login({ platform }));
  }
  return sessions;
}

/** Several sessions that can all live, of which the first can be lost; and who kicks the earliest, where one more does. */
interface Company {
  readonly filling: readonly Platform[];
  readonly extra: Platform | undefined;
  readonly title: string;
}

/** Rules of more than one session, when they are full; a pair where there are none such. */
function companies(profile: Profile): readonly Company[] {
  const full = limitSamples(profile).filter(
    ({ filling }) => filling.length > 1 && livenessOf(profile, firstOf(filling)).offline,
  );
  const pair = offlinePair(profile);
  return full.length > 0 || !pair ? full : [{ filling: pair, extra: undefined, title: "a pair" }];
}

/** The first of several sessions is lost and comes back; `comeBack` answers with what lists the sessions then. */
function keepsItsPlace(
  id: string,
  who: string,
  way: string,
  comeBack: (t: Bench, first: TestSession) => Promise<SelfGiven>,
): Check {
  return {
    id,
    title: `${who} has its login_time and its place in the order of logins: it is the one that is kicked`,
    claims: ["multi_session"],
    applies: hasOfflinePair,
    timeMs: (profile) =>
      gracesMs(
        profile,
        companies(profile).map(({ filling }) => firstOf(filling)),
      ) +
      laterMs * companies(profile).reduce((sum, { filling }) => sum + filling.length + 1, 0),
    run: async (t: Bench) => {
      for (const { filling, extra, title } of companies(t.profile)) {
        const sessions = await oneByOne(t, filling);
        const [first, rest] = [firstOf(sessions), sessions.slice(1)];
        const before = listed(t, (sessions.at(-1) ?? first).login);
        await lose(t, first, rest);
        await t.time.pass(laterMs, rest);
        const told = await comeBack(t, first);
        t.equal(listed(t, told), before, `Order and login_time after ${way} of the first, lost, of ${title}`);
        if (extra === undefined) continue;
        await first.user.login({ platform: extra });
        await kicked(t, first, `the earliest login beyond ${title}, though it was lost and came back`);
        await allLive(t, rest, `The others beyond ${title}`);
      }
    },
  };
}

export const sameDeviceChecks: readonly Check[] = [
  {
    id: "login-same-device/other-devices",
    title: "Device ids that differ by case alone, or in their last byte, are different devices: sessions side by side",
    claims: ["multi_session"],
    applies: hasPair,
    run: async (t: Bench) => {
      const [here = Platform.ANDROID, there = here] = pairOf(t.profile) ?? [];
      for (const [device, other] of nearlyTheSame) {
        const user = await t.user();
        const first = await user.login({ device, platform: here });
        const second = await user.login({ device: other, platform: there });
        const what = `Logins with the devices ${device} and ${other}`;
        t.ok(first.id !== second.id, `Session ids of two ${what} differ`, first.id);
        toldSessions(t, second, [first, second], `the second of two ${what}`);
        const devices = second.login.self?.sessions.map(({ deviceId }) => deviceId);
        t.equal(devices, [device, other], `Devices in the answer of the second of two ${what}`);
        await allLive(t, [first, second], `After two ${what}`);
      }
    },
  },
  {
    id: "login-same-device/keeps-its-place-elsewhere",
    title: "Login again on another platform keeps login_time and the place in the order of logins, and kicks nobody",
    claims: ["multi_session"],
    applies: hasPair,
    timeMs: () => laterMs,
    run: async (t: Bench) => {
      const sessions = await oneByOne(t, pairOf(t.profile) ?? []);
      const [first, second] = [firstOf(sessions), sessions.at(-1) ?? firstOf(sessions)];
      const before = listed(t, second.login);
      t.equal(
        before.map(([id]) => id),
        [first.id, second.id],
        "Sessions in the answer of the second Login",
      );
      for (const platform of knownPlatforms.filter((one) => one !== first.platform)) {
        const { login } = await first.user.login({ device: first.device, platform });
        const what = `of the sessions after Login again of the first on ${platformName(platform)}`;
        t.equal(listed(t, login), before, `Order and login_time ${what}`);
      }
      await allLive(t, sessions, "After Logins again of the first");
    },
  },
  keepsItsPlace(
    "login-same-device/lost-keeps-its-place",
    "A lost session that logs in again",
    "Login",
    async (t, first) => {
      const again = await loginAgain(first);
      t.equal(again.id, first.id, "Session id of a Login of the first of several sessions, which was lost");
      return again.login;
    },
  ),
  keepsItsPlace(
    "lost-revive/keeps-its-place-by-heartbeat",
    "A lost session that comes back by Heartbeat",
    "Heartbeat",
    async (_, first) => {
      await first.heartbeat();
      return foldToFence(await first.watch());
    },
  ),
  keepsItsPlace(
    "lost-revive/keeps-its-place-by-watch",
    "A lost session that comes back by a Watch",
    "Watch",
    async (_, first) => foldToFence(await first.watch()),
  ),
];
