// Checks of SPEC §6.1, a custom status in Login: set like by SetCustomStatus and in one change, or left as it is.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { type CustomStatusInputSchema, OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { sameInstant } from "./lib/a-instants.ts";
import { rateOf } from "./lib/a-profile.ts";
import { instantOf, look, msOf, shows, textOf, watching } from "./lib/a-scenes.ts";

/** Rates with more calls than this are not used up. */
const usedUpMax = 500;

function hasRate(profile: Profile): true | string {
  const limit = rateOf(profile, "SetCustomStatus");
  if (!limit) return "SetCustomStatus has no rate";
  return limit.maxCalls <= usedUpMax || `the rate of SetCustomStatus allows more than ${usedUpMax} calls`;
}

/** What a ttl of the caller may be, in milliseconds: a quarter of the most. */
function ttlMsOf(profile: Profile): number {
  const { minTtl, maxTtl } = profile.customStatus ?? {};
  return Math.max(minTtl ? durationMs(minTtl) : 0, Math.floor((maxTtl ? durationMs(maxTtl) : 0) / 4));
}

function maxText(profile: Profile): string {
  return "x".repeat(profile.customStatus?.maxBytes ?? 0);
}

export const loginCustomChecks: readonly Check[] = [
  {
    id: "login-custom-set/one-change",
    title: "The text of a Login is in the answer, is seen by others, and comes in the same change as ONLINE",
    run: async (t: Bench) => {
      const user = await t.user();
      const { watch } = await watching(t, user.id);
      await watch.fence();
      const mark = watch.mark();
      const { login } = await user.login({ text: "away" });
      t.equal(textOf(login.self?.status), "away", "Text in the answer of Login");
      const seen = await shows(t, user.id, OnlineStatus.ONLINE, "Status after Login with a text");
      t.equal(textOf(seen), "away", "Text that others see after Login");
      await watch.fence();
      const online = watch.statusesOf(user.id, mark).filter(({ onlineStatus }) => onlineStatus === OnlineStatus.ONLINE);
      t.ok(online.length > 0, "The Watch carries the login");
      for (const status of online) t.equal(textOf(status), "away", "Text beside ONLINE on the Watch");
    },
  },
  {
    id: "login-custom-set/replaces",
    title: "The text of a repeated Login replaces the one before",
    run: async (t: Bench) => {
      const user = await t.user();
      const first = await user.login({ text: "first" });
      const again = await user.login({ device: first.device, platform: first.platform, text: "two" });
      t.equal(textOf(again.login.self?.status), "two", "Text in the answer of the repeated Login");
      t.equal(textOf(await look(t, user.id)), "two", "Text that others see after the repeated Login");
    },
  },
  {
    id: "login-custom-set/limit",
    title: "A text of just max_bytes is taken; of one more byte the Login is refused, and no session made",
    run: async (t: Bench) => {
      const user = await t.user();
      const longest = maxText(t.profile);
      const refused = user.tryLogin({ text: `${longest}x` });
      await t.refused(refused, "CUSTOM_STATUS_TOO_LONG", "Login with a text of one byte too many");
      const { onlineStatus } = await look(t, user.id);
      t.ok(onlineStatus !== OnlineStatus.ONLINE, "The user of the refused Login is not ONLINE", onlineStatus);
      const { login } = await user.login({ text: longest });
      t.equal(textOf(login.self?.status), longest, "Text of a Login with the longest text");
      t.equal(login.self?.sessions.length, 1, "Sessions after one refused and one good Login");
    },
  },
  {
    id: "login-custom-set/expiry",
    title: "The text of a Login has the profile's default expiry, or none where there is none",
    run: async (t: Bench) => {
      const { login } = await (await t.user()).login({ text: "while" });
      const { defaultTtl } = t.profile.customStatus ?? {};
      const expiry = login.self?.status?.customStatus?.expireTime;
      t.equal(textOf(login.self?.status), "while", "Text in the answer of Login");
      if (!defaultTtl) t.equal(expiry, undefined, "expire_time of the text of a Login without a default ttl");
      else
        sameInstant(
          t,
          msOf(expiry),
          instantOf(t, login.serverTime, "server_time of Login") + durationMs(defaultTtl),
          "expire_time of the text of a Login",
        );
    },
  },
  {
    id: "login-custom-set/ttl",
    title: "A ttl in Login holds within the profile's range, and is refused outside",
    claims: ["custom_status_ttl"],
    run: async (t: Bench) => {
      const { maxTtl } = t.profile.customStatus ?? {};
      const beyondMs = (maxTtl ? durationMs(maxTtl) : 0) + 1;
      const user = await t.user();
      await t.refused(user.tryLogin({ text: "x", ttlMs: beyondMs }), "TTL_OUT_OF_RANGE", "Login with too long a ttl");
      const ttlMs = ttlMsOf(t.profile);
      const { login } = await user.login({ text: "x", ttlMs });
      t.equal(login.self?.sessions.length, 1, "Sessions after one refused and one good Login");
      const expiry = msOf(login.self?.status?.customStatus?.expireTime);
      sameInstant(
        t,
        expiry,
        instantOf(t, login.serverTime, "server_time of Login") + ttlMs,
        "expire_time of the text of a Login with a ttl",
      );
    },
  },
  {
    id: "login-custom-set/ttl-unsupported",
    title: "A ttl in Login is refused where the profile knows none of the caller",
    applies: (profile) => profile.customStatus?.callerTtl !== true || "the profile takes a ttl of the caller",
    run: async (t: Bench) => {
      const user = await t.user();
      await t.refused(user.tryLogin({ text: "x", ttlMs: 60_000 }), "TTL_NOT_SUPPORTED", "Login with a ttl");
      const { login } = await user.login({ text: "x" });
      t.equal(textOf(login.self?.status), "x", "Text of a Login without a ttl");
    },
  },
  {
    id: "login-custom-set/gate",
    title: "Behind a gate on SetCustomStatus a Login with a text is refused, and one without is not",
    claims: ["feature_gates"],
    tools: ["admin"],
    wholeApp: true,
    applies: (profile) =>
      profile.gates.some(({ procedures }) => procedures.includes("SetCustomStatus")) || "no gate on SetCustomStatus",
    run: async (t: Bench) => {
      const user = await t.user();
      await t.admin.features({ plan: false, userStatus: false });
      await t.refusedSomehow(user.tryLogin({ text: "x" }), "Login with a text behind the gate");
      const session = await user.login();
      t.equal(session.login.self?.sessions.length, 1, "Sessions after one refused and one good Login");
      await t.admin.features({ plan: true, userStatus: true });
      t.equal(
        textOf((await user.login({ text: "x" })).login.self?.status),
        "x",
        "Text of a Login when the gate is open",
      );
    },
  },
  {
    id: "login-custom-set/free-of-rate",
    title: "The text of a Login is admitted when the rate of SetCustomStatus is used up, and is not counted against it",
    applies: hasRate,
    run: async (t: Bench) => {
      const most = rateOf(t.profile, "SetCustomStatus")?.maxCalls ?? 1;
      const spender = await t.session();
      for (let made = 0; made < most; made++) await spender.set(`t${made}`);
      const again = await spender.user.login({ device: spender.device, platform: spender.platform, text: "again" });
      t.equal(textOf(again.login.self?.status), "again", "Text of a Login when the rate is used up");
      const saver = await t.session({ text: "one" });
      for (const text of ["two", "three"])
        await saver.user.login({ device: saver.device, platform: saver.platform, text });
      for (let made = 0; made < most; made++) {
        await saver.raw.set({ text: `s${made}` }).catch((error: unknown) => {
          t.ok(false, `SetCustomStatus number ${made + 1} of ${most} after Logins with a text is admitted`, error);
        });
      }
    },
  },
  {
    id: "login-custom-empty/keeps",
    title: "A Login without a custom status, or with an empty text, leaves text, expiry and its time as they are",
    run: async (t: Bench) => {
      const user = await t.user();
      const first = await user.login({ text: "stays" });
      const before = await look(t, user.id);
      t.equal(textOf(before), "stays", "Text before the Logins without one");
      const inputs: Record<string, MessageInitShape<typeof CustomStatusInputSchema> | undefined> = {
        "without a custom status": undefined,
        "with an empty text": { text: "" },
        "with an empty text and a ttl": { text: "", ttl: durationFromMs(60_000) },
      };
      for (const device of [first.device, "another-device"]) {
        for (const [what, customStatus] of Object.entries(inputs)) {
          const request = { deviceId: device, platform: first.platform };
          await user.client().login(customStatus === undefined ? request : { ...request, customStatus });
          const after = await look(t, user.id);
          t.equal(after.customStatus, before.customStatus, `Custom status after Login ${what}`);
          t.equal(
            after.customStatusUpdateTime,
            before.customStatusUpdateTime,
            `Time of the custom status after Login ${what}`,
          );
        }
      }
    },
  },
  {
    id: "login-custom-empty/keeps-expiry",
    title:
      "A text with a ttl still ends when it would have, after Logins without a text on the same and another device",
    claims: ["custom_status_ttl"],
    run: async (t: Bench) => {
      const user = await t.user();
      const first = await user.login();
      await first.set("stays a while", ttlMsOf(t.profile));
      const before = await look(t, user.id);
      t.ok(before.customStatus?.expireTime !== undefined, "A text with a ttl has an expire_time", before.customStatus);
      for (const device of [first.device, "another-device"]) {
        await user.login({ device, platform: first.platform });
        t.equal((await look(t, user.id)).customStatus, before.customStatus, "Custom status after a Login without one");
      }
    },
  },
  {
    id: "login-custom-empty/after-logout",
    title: "A Login without a text after a logout finds the text as it was",
    run: async (t: Bench) => {
      const user = await t.user();
      const first = await user.login({ text: "stays" });
      const before = await look(t, user.id);
      await first.logout();
      const { login } = await user.login();
      t.equal(textOf(login.self?.status), "stays", "Text in the answer of Login");
      t.equal((await look(t, user.id)).customStatus, before.customStatus, "Custom status after logout and login");
    },
  },
];
