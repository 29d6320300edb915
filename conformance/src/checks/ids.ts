// Checks of SPEC §3, ids: every allowed character and length of user and device ids is accepted, every other refused.
import {
  deviceIdMaxBytes,
  isDeviceId,
  isUserId,
  Platform,
  type QueryResult,
  userIdMaxBytes,
} from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createSupply, twoUsers } from "./lib/a-scenes.ts";

const asciiChars: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const goodChars = asciiChars.filter(isUserId);
/** One of each: not ASCII in two, three and four bytes, and a letter that looks like ASCII. */
const foreignChars = ["é", "—", "中", "😀", "а"];
const badChars = [...asciiChars.filter((char) => !isUserId(char)), ...foreignChars];

/** Ids that mean something to a language, a data format or a path. */
const wordIds = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "NaN",
  "true",
  "-0",
  "..",
];

/** Ids that hold each allowed character between them, of the greatest length and of one byte; and words. */
function goodIds(maxBytes: number): readonly string[] {
  const all = goodChars.join("");
  const long: string[] = [];
  for (let from = 0; from < all.length; from += maxBytes)
    long.push(all.slice(from, from + maxBytes).padEnd(maxBytes, "z"));
  return [...long, ...wordIds, ...goodChars];
}

/** Ids with one bad character, empty, and one byte too long. */
function badIds(maxBytes: number): readonly string[] {
  return ["", "z".repeat(maxBytes + 1), ...badChars.map((char) => `ab${char}cd`)];
}

/** Where batches are small, so many of them are tried. */
const chunksMax = 20;

/** A few of the bad ones, one of each kind. */
const fewBadIds: readonly string[] = [
  "",
  "z".repeat(userIdMaxBytes + 1),
  "a b",
  "a/b",
  "a,b",
  'a"b',
  "a\u0000b",
  "aéb",
];

function named(id: string): string {
  return JSON.stringify(id);
}

function inChunks<T>(all: readonly T[], size: number): readonly T[][] {
  const chunks: T[][] = [];
  for (let from = 0; from < all.length; from += size) chunks.push(all.slice(from, from + size));
  return chunks;
}

/** Nobody is registered under these ids; without a registry everybody is. */
function acceptedAs(t: Bench, result: QueryResult | undefined): boolean {
  if (result?.result.case === "error") {
    return t.claims.has("user_registry") && result.result.value.reason === "USER_NOT_FOUND";
  }
  return result?.result.case === "status";
}

export const idChecks: readonly Check[] = [
  {
    id: "id-user/allowed",
    title:
      "User ids of 1 and of 32 bytes with every allowed character, and words such as null, are accepted in a query",
    run: async (t: Bench) => {
      const next = createSupply(t, "QueryStatuses");
      for (const ids of inChunks(goodIds(userIdMaxBytes), t.profile.query?.batchMax ?? 1)) {
        const results = await (await next()).query(ids);
        t.equal(
          results.map(({ userId }) => userId),
          ids,
          "User ids in the answer",
        );
        for (const result of results)
          t.ok(acceptedAs(t, result), `The user id ${named(result.userId)} is accepted`, result);
      }
    },
  },
  {
    id: "id-user/allowed-in-every-call",
    title:
      "User ids of 1 and of 32 bytes with every allowed character, and words such as null, are accepted by Subscribe, Unsubscribe and the filter",
    run: async (t: Bench) => {
      const most = Math.min(
        t.profile.subscription?.subscribeBatchMax ?? 1,
        t.profile.subscription?.unsubscribeBatchMax ?? 1,
        t.profile.subscription?.listPageMax ?? 1,
      );
      const ids = goodIds(userIdMaxBytes).slice(0, chunksMax * most);
      const [subscriber, unsubscriber] = [createSupply(t, "Subscribe"), createSupply(t, "Unsubscribe")];
      const lister = createSupply(t, "ListSubscriptions");
      for (const chunk of inChunks(ids, most)) {
        const results = await (await subscriber()).subscribe(chunk);
        t.equal(
          results.map(({ userId }) => userId),
          chunk,
          "User ids in the answer of Subscribe",
        );
        const ended = await (await unsubscriber()).unsubscribe(chunk);
        const answered = [...ended.endedUserIds, ...ended.failures.map(({ userId }) => userId)];
        t.equal(new Set(answered), new Set(chunk), "User ids in the answer of Unsubscribe");
        await (await lister()).list(chunk);
      }
    },
  },
  {
    id: "id-user/registered",
    title: "A registered user with an unusual id, such as one of 32 bytes or a word, can be queried and subscribed to",
    tools: ["admin"],
    run: async (t: Bench) => {
      const ids = [...goodIds(userIdMaxBytes).slice(0, 3), ...wordIds.slice(0, 2)];
      await t.admin.register(ids);
      const session = await t.session();
      for (const id of ids) {
        const [result] = await (await t.session()).query([id]);
        t.equal(result?.result.case, "status", `Result of a query of ${named(id)}`);
      }
      const batch = ids.slice(0, t.profile.subscription?.subscribeBatchMax ?? 1);
      for (const { userId, result } of await session.subscribe(batch)) {
        t.equal(result.case, "subscribed", `Result of Subscribe to ${named(userId)}`);
      }
      t.equal((await session.list()).length, batch.length, "Rows to users with unusual ids");
    },
  },
  {
    id: "id-user/refused-in-query",
    title: "An empty, a too long, and any id with another character is refused in a query",
    run: async (t: Bench) => {
      const next = createSupply(t, "QueryStatuses");
      const good = await t.session();
      for (const id of badIds(userIdMaxBytes)) {
        await t.refused((await next()).raw.query([id]), "INVALID_USER_ID", `QueryStatuses of ${named(id)}`);
      }
      t.equal(
        (await (await t.session()).statusOf(good.user.id)).userId,
        good.user.id,
        "User id of a query with a good id",
      );
    },
  },
  {
    id: "id-user/refused-whole",
    title: "A request that names a bad id beside good ones is refused whole, by every call, and does nothing",
    applies: (profile) =>
      Math.min(profile.query?.batchMax ?? 0, profile.subscription?.subscribeBatchMax ?? 0) >= 2 || "batches of one id",
    run: async (t: Bench) => {
      const [good, kept] = await twoUsers(t);
      const holder = await t.session();
      await holder.subscribe([kept.id]);
      const next = {
        query: createSupply(t, "QueryStatuses"),
        subscribe: createSupply(t, "Subscribe"),
        list: createSupply(t, "ListSubscriptions"),
      };
      for (const bad of fewBadIds) {
        const ids = [good.id, bad];
        await t.refused(
          (await next.query()).raw.query(ids),
          "INVALID_USER_ID",
          `QueryStatuses of ${named(bad)} and a good id`,
        );
        const subscriber = await next.subscribe();
        await t.refused(subscriber.raw.subscribe(ids), "INVALID_USER_ID", `Subscribe to ${named(bad)} and a good id`);
        t.equal((await subscriber.list()).length, 0, `Rows after the refused Subscribe to ${named(bad)} and a good id`);
        const list = (await next.list()).raw.list({ userIds: ids });
        await t.refused(list, "INVALID_USER_ID", `ListSubscriptions of ${named(bad)} and a good id`);
      }
      const ids = [kept.id, fewBadIds[2] ?? " "];
      await t.refused(holder.raw.unsubscribe(ids), "INVALID_USER_ID", "Unsubscribe of a bad id and a row");
      t.equal((await holder.list()).length, 1, "Rows after the refused Unsubscribe");
    },
  },
  {
    id: "id-user/refused-in-unsubscribe",
    title: "Unsubscribe refuses an empty, a too long, and an id with another character",
    run: async (t: Bench) => {
      const next = createSupply(t, "Unsubscribe");
      for (const bad of fewBadIds) {
        await t.refused((await next()).raw.unsubscribe([bad]), "INVALID_USER_ID", `Unsubscribe of ${named(bad)}`);
      }
      const target = await t.user();
      const { endedUserIds } = await (await t.session()).unsubscribe([target.id]);
      t.equal(endedUserIds, [target.id], "Users in the answer of Unsubscribe with a good id");
    },
  },
  {
    id: "id-device/allowed",
    title:
      "Device ids of 1 and of 64 bytes with every allowed character, and words, are accepted, and shown as they are",
    run: async (t: Bench) => {
      for (const device of [...goodIds(deviceIdMaxBytes).slice(0, 4), ...goodChars.slice(0, 4)]) {
        const { login } = await (await t.user()).login({ device });
        t.equal(login.self?.sessions[0]?.deviceId, device, "Device id of the session");
      }
    },
  },
  {
    id: "id-device/refused",
    title: "An empty, a too long, and any device id with another character is refused, and makes no session",
    run: async (t: Bench) => {
      const user = await t.user();
      const client = user.client();
      const platform = Platform.ANDROID;
      for (const deviceId of badIds(deviceIdMaxBytes)) {
        if (isDeviceId(deviceId)) continue;
        await t.refused(
          client.login({ deviceId, platform }),
          "INVALID_FIELD",
          `Login with the device id ${named(deviceId)}`,
        );
      }
      const { login } = await user.login({ platform });
      t.equal(login.self?.sessions.length, 1, "Sessions of the user: the refused Logins made none");
    },
  },
];
