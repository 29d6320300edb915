// Checks of SPEC §10.4, what ListSubscriptions gives: every row once, in order, with status and expiry; the filter.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { pagesOf } from "./lib/b-pages.ts";
import {
  all,
  batchOf,
  byBytes,
  type ListedRow,
  rowIn,
  rowLimits,
  rowListed,
  sampleText,
  statusIn,
  targetsOf,
  textOf,
  timeOf,
} from "./lib/b-values.ts";
import { plain } from "./lib/c-state.ts";

function rowsOf(count: number): (profile: Profile) => true | string {
  return (profile) => rowLimits(profile).rowsMax >= count || `a user can't have ${count} rows`;
}

const subscribeCalls = (rows: number) => (profile: Profile) =>
  paceMs(profile, { Subscribe: Math.ceil(rows / rowLimits(profile).subscribeMax) });

const rowsAndStatuses: Check = {
  id: "list-rows/row-and-status",
  title:
    "Lists rows to a user who is online, one with a text and one who logged out: row as Subscribe gave it, status as a query gives it",
  applies: batchOf(3),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [online, texted, away] = [await t.session(), await t.session(), await t.session()];
    const ids = [online.user.id, texted.user.id, away.user.id];
    const made = await watcher.subscribe(ids);
    const text = sampleText(t);
    await texted.set(text);
    await away.logout();
    const list = await watcher.list();
    t.equal(list.length, 3, "rows in the list");
    const queried = await watcher.query(ids);
    const expected: [string, OnlineStatus, string][] = [
      [online.user.id, OnlineStatus.ONLINE, ""],
      [texted.user.id, OnlineStatus.ONLINE, text],
      [away.user.id, OnlineStatus.LOGGED_OUT, ""],
    ];
    for (const [id, status, itsText] of expected) {
      const listed = rowListed(t, list, id);
      t.equal(
        [listed.status.onlineStatus, textOf(listed.status)],
        [status, itsText],
        `online status and text of ${id} in the list`,
      );
      t.equal(
        plain(listed.status),
        plain(statusIn(t, queried, id)),
        `status of ${id} in the list, against QueryStatuses`,
      );
      const { row } = rowIn(t, made, id);
      t.equal(listed.row.generation, row.generation, `generation of the row to ${id}, against Subscribe`);
      t.equal(
        timeOf(listed.row.expireTime),
        timeOf(row.expireTime),
        `expire_time of the row to ${id}, against Subscribe`,
      );
    }
  },
};

const inOrder: Check = {
  id: "list-rows/ascending",
  title: "Lists rows that were made out of order: ascending by the bytes of user_id, in one page and over pages of one",
  applies: rowsOf(12),
  timeMs: subscribeCalls(12),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const ids = (await t.users(12)).map((user) => user.id);
    await createPace(t).subscribe(watcher, [...ids].sort(byBytes).reverse());
    t.equal(await targetsOf(watcher), [...ids].sort(byBytes), "targets of the rows, in the order of the list");
    const paged = await pagesOf(t, watcher, 1);
    t.equal(targets(paged.flat()), [...ids].sort(byBytes), "targets of the rows, over pages of one");
  },
};

/** Ids that a sort by a language's rules, by case or by numbers would put in another order than their bytes do. */
function trickyIds(stem: string): string[] {
  const ends = [
    "",
    "!",
    "#",
    "-",
    "_",
    "~",
    "|",
    "{",
    "A",
    "B",
    "Z",
    "a",
    "b",
    "z",
    "AA",
    "aa",
    "Ab",
    "aB",
    "1",
    "10",
    "2",
    "02",
  ];
  return [
    ...ends.map((end) => `${stem}${end}`),
    `A${stem}`,
    `a${stem}`,
    `~${stem}`,
    `!${stem}`,
    `_${stem}`,
    `9${stem}`,
    `10${stem}`,
  ];
}

const byTheirBytes: Check = {
  id: "list-rows/tricky-ids",
  title: "Lists rows to ids that differ by case, punctuation and digits: by bytes, whole and over pages of three",
  tools: ["admin"],
  applies: rowsOf(29),
  timeMs: subscribeCalls(29),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const ids = trickyIds(t.random.text(8));
    await t.admin.register(ids);
    await createPace(t).subscribe(watcher, ids);
    const sorted = [...ids].sort(byBytes);
    t.equal(await targetsOf(watcher), sorted, "targets of the rows, in the order of the list");
    const paged = await pagesOf(t, watcher, 3);
    t.equal(targets(paged.flat()), sorted, "targets of the rows, over pages of three");
  },
};

const whileChanging: Check = {
  id: "list-rows/while-rows-change",
  title:
    "Between pages of two, rows are made and ended on both sides, the last of the page and the next to come too: those that stand all along come once each",
  applies: all(
    rowsOf(16),
    batchOf(2),
    (profile) => rowLimits(profile).unsubscribeMax >= 2 || "Unsubscribe takes one id only",
  ),
  timeMs: (profile) =>
    paceMs(profile, { Subscribe: Math.ceil(16 / rowLimits(profile).subscribeMax) + 4, Unsubscribe: 4 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const ids = (await t.users(16)).map((user) => user.id).sort(byBytes);
    const making = ids.filter((_, index) => index % 4 === 3);
    let standing = ids.filter((_, index) => index % 4 !== 3);
    await pace.subscribe(watcher, standing);
    const listed: string[] = [];
    let pageToken = "";
    for (let page = 0; page < ids.length; page++) {
      const answer = await watcher.raw.list({ pageSize: 2, pageToken });
      listed.push(...targets(answer.subscriptions));
      pageToken = answer.nextPageToken;
      if (pageToken === "") break;
      if (page % 2 === 0) {
        // Around the place that the token stands for.
        const last = listed.at(-1) ?? "";
        const around = [last, ...standing.filter((id) => byBytes(id, last) > 0).slice(0, 1)];
        await pace.unsubscribe(watcher, around);
        standing = standing.filter((id) => !around.includes(id));
      } else {
        // From both ends, so that rows come before and behind the page.
        const fresh = page % 4 === 1 ? making.shift() : making.pop();
        if (fresh !== undefined) await pace.subscribe(watcher, [fresh]);
      }
    }
    t.equal(pageToken, "", "next_page_token of the last page");
    t.equal(
      listed.filter((id) => standing.includes(id)),
      standing,
      "targets that stood all along, in the order they came",
    );
    t.equal(listed, [...new Set(listed)].sort(byBytes), "all targets that came: ascending, each once");
  },
};

const filtered: Check = {
  id: "list-filter/only-these",
  title:
    "Lists with a filter of some rows, a target without a row and a user who is not registered: only the rows come, in order",
  applies: all(batchOf(4), (profile) => rowLimits(profile).pageMax >= 4 || "a filter takes fewer than four ids"),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const subscribed = (await t.users(4)).map((user) => user.id);
    const { id: other } = await t.user();
    for (const one of await watcher.subscribe(subscribed))
      t.equal(one.result.case, "subscribed", "kind of the result of Subscribe");
    const [first = "", second = ""] = [...subscribed].sort(byBytes);
    const listed = await watcher.list([second, other, t.unregisteredId(), first]);
    t.equal(targets(listed), [first, second], "targets of the rows, with a filter");
    t.equal(targets(await watcher.list([other])), [], "targets of the rows, with a filter that names no row");
    t.equal((await targetsOf(watcher)).length, 4, "rows without a filter");
  },
};

const namedTwice: Check = {
  id: "list-rows/named-twice",
  title: "Lists with a filter that names a target twice: every row comes once, whole and over pages of one",
  applies: all(batchOf(2), (profile) => rowLimits(profile).pageMax >= 3 || "a filter takes fewer than three ids"),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const ids = (await t.users(2)).map((user) => user.id).sort(byBytes);
    await watcher.subscribe(ids);
    const [first = "", second = ""] = ids;
    const filter = [first, second, first];
    t.equal(targets(await watcher.list(filter)), ids, "targets of the rows, with a filter that names one twice");
    const paged = await pagesOf(t, watcher, 1, filter);
    t.equal(targets(paged.flat()), ids, "targets of the rows, with that filter, over pages of one");
  },
};

const filteredOverPages: Check = {
  id: "list-filter/over-pages",
  title: "Lists with a filter over pages of one: the rows named, each once",
  applies: all(batchOf(4), (profile) => rowLimits(profile).pageMax >= 3 || "a filter takes fewer than three ids"),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const subscribed = (await t.users(4)).map((user) => user.id).sort(byBytes);
    for (const one of await watcher.subscribe(subscribed))
      t.equal(one.result.case, "subscribed", "kind of the result of Subscribe");
    const [first = "", , third = "", fourth = ""] = subscribed;
    const paged = await pagesOf(t, watcher, 1, [fourth, first, third]);
    t.equal(targets(paged.flat()), [first, third, fourth], "targets of the rows, with a filter, over pages of one");
  },
};

function targets(rows: readonly ListedRow[]): string[] {
  return rows.map((one) => one.subscription?.userId ?? "");
}

export const listChecks: readonly Check[] = [
  rowsAndStatuses,
  inOrder,
  byTheirBytes,
  whileChanging,
  namedTwice,
  filtered,
  filteredOverPages,
];
