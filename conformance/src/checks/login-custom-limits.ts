// Checks of SPEC §6.1, `login-custom-set`: the limits of a text and its ttl in Login are those of SetCustomStatus, to the byte and the millisecond.
import type { Bench, Check } from "../check.ts";
import { sameInstant } from "./lib/a-instants.ts";
import { instantOf } from "./lib/a-scenes.ts";
import { msOf, sampleText, textEndOf, textOf, textOfBytes } from "./lib/b-values.ts";

const inBytes: Check = {
  id: "login-custom-set/limit-in-bytes",
  title:
    "Texts of characters of two, three and four bytes: of just max_bytes they are taken as they are; of one more the Login is refused, and no session made",
  run: async (t: Bench) => {
    const most = t.profile.customStatus?.maxBytes ?? 0;
    for (const character of ["\u00df", "\u20ac", "\u{1f600}"]) {
      const user = await t.user();
      const tooLong = user.tryLogin({ text: textOfBytes(character, most + 1) });
      await t.refused(tooLong, "CUSTOM_STATUS_TOO_LONG", `Login with a text of ${most + 1} bytes in ${character}`);
      const longest = textOfBytes(character, most);
      const { login } = await user.login({ text: longest });
      t.equal(textOf(login.self?.status), longest, `Text of a Login with a text of ${most} bytes in ${character}`);
      t.equal(login.self?.sessions.length, 1, "Sessions after one refused and one good Login");
    }
  },
};

const ttlRange: Check = {
  id: "login-custom-set/ttl-range",
  title:
    "Ttls in Login: min_ttl and max_ttl are taken, and shown as expire_time; a tenth of a millisecond outside, 0 and a negative one are refused, and no session is made",
  claims: ["custom_status_ttl"],
  run: async (t: Bench) => {
    const [minMs, maxMs] = [msOf(t.profile.customStatus?.minTtl), msOf(t.profile.customStatus?.maxTtl)];
    t.ok(minMs !== undefined && maxMs !== undefined, "the profile gives min_ttl and max_ttl of custom statuses");
    const text = sampleText(t);
    const user = await t.user();
    for (const ttlMs of [minMs - 0.1, maxMs + 0.1, 0, -minMs])
      await t.refused(user.tryLogin({ text, ttlMs }), "TTL_OUT_OF_RANGE", `Login with a ttl of ${ttlMs} ms`);
    for (const ttlMs of [minMs, maxMs]) {
      const { login } = await (ttlMs === minMs ? user : await t.user()).login({ text, ttlMs });
      t.equal(login.self?.sessions.length, 1, "Sessions after a good Login");
      const end = textEndOf(t, login.self?.status, "the answer of Login");
      const at = instantOf(t, login.serverTime, "server_time of Login");
      sameInstant(t, end, at + ttlMs, `expire_time of the text of a Login with a ttl of ${ttlMs} ms`);
    }
  },
};

export const loginCustomLimitChecks: readonly Check[] = [inBytes, ttlRange];
