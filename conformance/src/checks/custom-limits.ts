// Checks of SPEC §8, limits: bytes of a text, the ttl that the caller may give, and the one it has without.
import type { SelfStatus } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { between } from "./lib/a-instants.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { seen } from "./lib/b-sessions.ts";
import { textTtlMs, textTtlOf } from "./lib/b-times.ts";
import { msOf, rowIn, rowListed, sampleText, textEnd, textEndOf, textOf, textOfBytes } from "./lib/b-values.ts";

function byteLimit(name: string, character: string): Check {
  const width = Buffer.byteLength(character);
  return {
    id: `custom-bytes/${name}`,
    title: `Sets texts of ${width}-byte characters: one byte below max_bytes and max_bytes are taken as they are, one more is refused`,
    applies: (profile) =>
      (profile.customStatus?.maxBytes ?? 0) > width || `a text has at most ${profile.customStatus?.maxBytes} bytes`,
    timeMs: (profile) => paceMs(profile, { SetCustomStatus: 3 }),
    run: async (t: Bench) => {
      const pace = createPace(t);
      const owner = await t.session();
      const most = t.profile.customStatus?.maxBytes ?? 0;
      for (const bytes of [most - 1, most]) {
        const text = textOfBytes(character, bytes);
        const answer = await pace.set(owner, text);
        t.equal(textOf(answer.self?.status), text, `text of ${bytes} bytes, in the answer`);
        t.equal(textOf(await seen(t, owner.user.id)), text, `text of ${bytes} bytes, in another user's query`);
      }
      await pace.room(owner, "SetCustomStatus");
      const tooLong = textOfBytes(character, most + 1);
      await t.refused(
        owner.raw.set({ text: tooLong }),
        "CUSTOM_STATUS_TOO_LONG",
        `SetCustomStatus with a text of ${most + 1} bytes`,
      );
    },
  };
}

/** Texts that a server may be tempted to trim, normalize, escape, or end at a NUL. */
const delicateTexts: readonly string[] = [
  " a ",
  "  ",
  "\t\n\u00a0\u3000",
  "a\nb\tc",
  "e\u0301 \u00e9",
  "\u{1f469}\u200d\u{1f4bb}",
  "\u05d0\u202eb",
  "<b>&amp;</b>",
  '"\\u0061"',
  "%20+",
  "\u{1f600}",
  "\u0000a\u0001\u0000b\u007f\u0000",
  "\ufeffa\ufffe\uffff",
];

const unchanged: Check = {
  id: "custom-bytes/unchanged",
  title:
    "Sets texts with blanks, and of blanks alone, with line ends, control, combining and joined characters, byte order marks and markup: each comes back byte by byte",
  applies: (profile) => (profile.customStatus?.maxBytes ?? 0) >= 12 || "a text has fewer than 12 bytes",
  run: async (t: Bench) => {
    const users = await t.users(delicateTexts.length);
    for (const [index, text] of delicateTexts.entries()) {
      const owner = await users[index]?.login();
      t.ok(owner !== undefined, "the user has a session");
      const answer = await owner.set(text);
      t.equal(textOf(answer.self?.status), text, "text in the answer");
      t.equal(textOf(await seen(t, owner.user.id)), text, "text in another user's query");
    }
  },
};

/** Sets a text without a ttl: it ends default_ttl from now, or not by itself. Answers with its expire_time. */
async function setsDefault(
  t: Bench,
  text: string,
  act: () => Promise<{ readonly self?: SelfStatus | undefined }>,
): Promise<number | undefined> {
  const defaultMs = msOf(t.profile.customStatus?.defaultTtl);
  const earliest = await t.time.now();
  const { self } = await act();
  const latest = await t.time.now();
  t.equal(textOf(self?.status), text, "text in the answer");
  const end = textEnd(self?.status);
  if (defaultMs === undefined)
    t.equal(end, undefined, "expire_time in the answer, where the profile has no default_ttl");
  else {
    const ttlFrom = textEndOf(t, self?.status, "the answer") - defaultMs;
    between(t, ttlFrom, earliest, latest, "expire_time less default_ttl");
  }
  return end;
}

const defaultShown: Check = {
  id: "custom-default-ttl/expire-time",
  title:
    "Sets a text without a ttl: expire_time is default_ttl from now, or unset where there is none, wherever the text is shown",
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const owner = await t.session();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const text = sampleText(t);
    const end = await setsDefault(t, text, () => owner.set(text));
    const onlooker = await t.session();
    const { status: subscribed } = rowIn(t, await onlooker.subscribe([id]), id);
    t.equal(textEnd(subscribed), end, "expire_time of the text in Subscribe");
    t.equal(
      textEnd(rowListed(t, await onlooker.list(), id).status),
      end,
      "expire_time of the text in ListSubscriptions",
    );
    t.equal(textEnd(await onlooker.statusOf(id)), end, "expire_time of the text in QueryStatuses");
    const told = await watch.status(id, "the text on a subscriber's Watch", (status) => textOf(status) === text);
    t.equal(textEnd(told), end, "expire_time of the text on a subscriber's Watch");
  },
};

const defaultAfterTtl: Check = {
  id: "custom-default-ttl/after-one-with-a-ttl",
  title:
    "Texts without a ttl, by SetCustomStatus and by Login, take the place of texts with one: they have the profile's default, and hold past the earlier end",
  claims: ["custom_status_ttl"],
  timeMs: textTtlMs,
  run: async (t: Bench) => {
    const { givenMs: ttlMs = 0, lastsMs } = textTtlOf(t);
    const [first, second, third] = [sampleText(t, 0), sampleText(t, 1), sampleText(t, 2)];
    const owner = await t.session({ text: first, ttlMs });
    const { device, platform, user } = owner;
    await setsDefault(t, second, () => owner.set(second));
    const { login } = await user.login({ device, platform, text: first, ttlMs });
    const end = textEndOf(t, login.self?.status, "Login with a ttl");
    await setsDefault(t, third, async () => (await user.login({ device, platform, text: third })).login);
    // A default that is shorter than the least ttl ends the text first.
    if ((msOf(t.profile.customStatus?.defaultTtl) ?? Number.POSITIVE_INFINITY) <= lastsMs) return;
    await t.time.reach(end, "all");
    t.equal(textOf(await seen(t, user.id)), third, "text at the expire_time of the one before");
  },
};

const hourMs = 3_600_000;

/** How long a text without a ttl is watched where there is no default_ttl: a while, and where time stands still, two days. */
const awhileMs = 40_000;
const longMs = 48 * hourMs;

const defaultHolds: Check = {
  id: "custom-default-ttl/holds",
  title: "Sets a text without a ttl: it still holds just before default_ttl, or a good while later where there is none",
  timeMs: (profile) => msOf(profile.customStatus?.defaultTtl) ?? awhileMs,
  run: async (t: Bench) => {
    const owner = await t.session();
    const text = sampleText(t);
    const answer = await owner.set(text);
    const end = textEnd(answer.self?.status);
    if (end === undefined) await t.time.pass(t.time.tier === "virtual" ? longMs : awhileMs, "all");
    else await t.time.justBefore(end, "all");
    t.equal(textOf(await seen(t, owner.user.id)), text, "text that others see");
  },
};

function takes(name: string, title: string, pick: (minMs: number, maxMs: number) => number): Check {
  return {
    id: `custom-ttl/${name}`,
    title,
    run: async (t: Bench) => {
      const [minMs, maxMs] = ttlRange(t);
      const ttlMs = pick(minMs, maxMs);
      const owner = await t.session();
      const text = sampleText(t);
      const earliest = await t.time.now();
      const answer = await owner.set(text, ttlMs);
      const latest = await t.time.now();
      t.equal(textOf(answer.self?.status), text, `text set with a ttl of ${ttlMs} ms, in the answer`);
      const setAt = textEndOf(t, answer.self?.status, "the answer") - ttlMs;
      between(t, setAt, earliest, latest, "expire_time less the ttl");
    },
  };
}

function refuses(name: string, title: string, pick: (minMs: number, maxMs: number) => number): Check {
  return {
    id: `custom-ttl/${name}`,
    title,
    timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
    run: async (t: Bench) => {
      const pace = createPace(t);
      const [minMs, maxMs] = ttlRange(t);
      const ttlMs = pick(minMs, maxMs);
      const owner = await t.session();
      const text = sampleText(t);
      await pace.room(owner, "SetCustomStatus");
      await t.refused(owner.raw.set({ text, ttlMs }), "TTL_OUT_OF_RANGE", `SetCustomStatus with a ttl of ${ttlMs} ms`);
      const answer = await pace.set(owner, text, maxMs);
      t.equal(textOf(answer.self?.status), text, "text set with a ttl in range, in the answer");
    },
  };
}

function ttlRange(t: Bench): [number, number] {
  const minMs = msOf(t.profile.customStatus?.minTtl);
  const maxMs = msOf(t.profile.customStatus?.maxTtl);
  t.ok(minMs !== undefined && maxMs !== undefined, "the profile gives min_ttl and max_ttl of custom statuses");
  return [minMs, maxMs];
}

/** Close to the longest duration that Protobuf can say: 10,000 years. */
const hugeMs = 315_576_000_000_000;

const ttlUnsupported: Check = {
  id: "custom-ttl-unsupported/refused",
  title: "Gives a ttl where the profile takes none: refused; the same text without it is taken",
  applies: (profile) => profile.customStatus?.callerTtl !== true || "the caller may give a ttl",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const owner = await t.session();
    const text = sampleText(t);
    await pace.room(owner, "SetCustomStatus");
    await t.refused(
      owner.raw.set({ text, ttlMs: textTtlMs(t.profile) || hourMs }),
      "TTL_NOT_SUPPORTED",
      "SetCustomStatus with a ttl",
    );
    const answer = await pace.set(owner, text);
    t.equal(textOf(answer.self?.status), text, "text set without a ttl, in the answer");
  },
};

export const customLimitsChecks: readonly Check[] = [
  byteLimit("one-byte-characters", "z"),
  byteLimit("two-byte-characters", "\u00df"),
  byteLimit("three-byte-characters", "\u20ac"),
  byteLimit("four-byte-characters", "\u{1f600}"),
  unchanged,
  ttlUnsupported,
  defaultShown,
  defaultAfterTtl,
  defaultHolds,
  takes("least", "Gives min_ttl: taken, and shown as expire_time", (minMs) => minMs),
  takes("greatest", "Gives max_ttl: taken, and shown as expire_time", (_, maxMs) => maxMs),
  takes(
    "between",
    "Gives a ttl between min_ttl and max_ttl, in milliseconds: taken to the millisecond",
    (minMs, maxMs) => Math.min(minMs + 1, maxMs),
  ),
  refuses("below-least", "Gives a ttl a tenth of a millisecond below min_ttl: refused", (minMs) => minMs - 0.1),
  refuses("above-greatest", "Gives a ttl a tenth of a millisecond above max_ttl: refused", (_, maxMs) => maxMs + 0.1),
  refuses("zero", "Gives a ttl of 0: refused", () => 0),
  refuses("negative", "Gives a negative ttl: refused", (minMs) => -minMs),
  refuses("huge", "Gives a ttl of 10,000 years: refused", () => hugeMs),
];
