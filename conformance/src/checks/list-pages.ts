// Checks of SPEC §10.4, `list-pages`: sizes of pages, of the filter, and tokens.
import type { Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { pagesOf } from "./lib/b-pages.ts";
import { longestRowTtl, rowLastsMs } from "./lib/b-times.ts";
import { all, batchOf, byBytes, type ListedRow, rowIn, rowLimits } from "./lib/b-values.ts";

/** A user with so many rows; answers with their targets in the order of a list. */
async function withRows(t: Bench, count: number): Promise<{ watcher: TestSession; ids: string[] }> {
  const watcher = await t.session();
  const ids = (await t.users(count)).map((user) => user.id);
  const results = await createPace(t).subscribe(watcher, ids);
  for (const id of ids) rowIn(t, results, id);
  return { watcher, ids: ids.sort(byBytes) };
}

function targets(rows: readonly ListedRow[]): string[] {
  return rows.map((one) => one.subscription?.userId ?? "");
}

function subscribeCalls(rows: (profile: Profile) => number): (profile: Profile) => number {
  return (profile) => paceMs(profile, { Subscribe: Math.ceil(rows(profile) / rowLimits(profile).subscribeMax) });
}

const fewRows = (profile: Profile): number => Math.min(7, rowLimits(profile).rowsMax);

/** Pages of one size give every row once, and none has more. */
function sizeObeyed(name: string, title: string, size: number): Check {
  return {
    id: `list-pages/${name}`,
    title,
    timeMs: subscribeCalls(fewRows),
    run: async (t: Bench) => {
      const { watcher, ids } = await withRows(t, fewRows(t.profile));
      const pages = await pagesOf(t, watcher, size);
      const most = Math.min(size === 0 ? Number.MAX_SAFE_INTEGER : size, rowLimits(t.profile).pageMax);
      for (const page of pages) t.ok(page.length <= most, `a page has at most ${most} rows`, page.length);
      t.equal(targets(pages.flat()), ids, "targets of the rows, over all pages");
    },
  };
}

const otherSizes: Check = {
  id: "list-pages/other-sizes",
  title:
    "Asks for each page in another size than for the one before: the tokens are good, no page has more than its size, all rows come",
  timeMs: subscribeCalls(fewRows),
  run: async (t: Bench) => {
    const { watcher, ids } = await withRows(t, fewRows(t.profile));
    const sizes = [1, 2, 1, 0];
    const pages = await pagesOf(t, watcher, sizes);
    const { pageMax } = rowLimits(t.profile);
    for (const [nth, page] of pages.entries()) {
      const most = Math.min(sizes[nth] || pageMax, pageMax);
      t.ok(page.length <= most, `page ${nth + 1} has at most ${most} rows`, page.length);
    }
    t.equal(targets(pages.flat()), ids, "targets of the rows, over all pages");
  },
};

const overMax: Check = {
  id: "list-pages/more-than-max",
  title:
    "Asks for pages larger than list_page_max, and of the server's choice: no page has more than list_page_max rows, all rows come",
  applies: (profile) => rowLimits(profile).rowsMax > rowLimits(profile).pageMax || "all rows of a user fit in one page",
  timeMs: subscribeCalls((profile) => rowLimits(profile).pageMax + 1),
  run: async (t: Bench) => {
    const { pageMax } = rowLimits(t.profile);
    const { watcher, ids } = await withRows(t, pageMax + 1);
    for (const size of [pageMax + 1, 0, 2_147_483_647]) {
      const pages = await pagesOf(t, watcher, size);
      for (const page of pages)
        t.ok(page.length <= pageMax, `a page of size ${size} has at most ${pageMax} rows`, page.length);
      t.equal(targets(pages.flat()), ids, `targets of the rows, over all pages of size ${size}`);
    }
  },
};

const noRows: Check = {
  id: "list-pages/no-rows",
  title: "A user without rows has an empty list without a next page; after a Subscribe it has one row",
  run: async (t: Bench) => {
    const watcher = await t.session();
    t.equal((await pagesOf(t, watcher, 10)).flat().length, 0, "rows of a user without subscriptions");
    const { id } = await t.user();
    rowIn(t, await watcher.subscribe([id]), id);
    t.equal(targets((await pagesOf(t, watcher, 10)).flat()), [id], "targets of the rows after Subscribe");
  },
};

function negative(name: string, size: number): Check {
  return {
    id: `list-pages/${name}`,
    title: `Asks for a page size of ${size}: refused; a size of 1 works`,
    run: async (t: Bench) => {
      const { watcher, ids } = await withRows(t, 1);
      await t.refused(
        watcher.raw.list({ pageSize: size }),
        "INVALID_FIELD",
        `ListSubscriptions with a page size of ${size}`,
      );
      t.equal(
        targets((await watcher.raw.list({ pageSize: 1 })).subscriptions),
        ids,
        "targets of the rows, with a page size of 1",
      );
    },
  };
}

const filterAtLimit: Check = {
  id: "list-pages/filter-limit",
  title: "Filters by list_page_max ids: accepted; by one more, also where they are all the same: refused",
  run: async (t: Bench) => {
    const { watcher, ids } = await withRows(t, 1);
    const { pageMax } = rowLimits(t.profile);
    const filter = [...Array.from({ length: pageMax - 1 }, () => t.unregisteredId()), ...ids];
    t.equal(
      targets((await pagesOf(t, watcher, 0, filter)).flat()),
      ids,
      `targets of the rows, with a filter of ${pageMax} ids`,
    );
    const different = [...filter, t.unregisteredId()];
    const same = Array.from({ length: pageMax + 1 }, () => ids[0] ?? "");
    for (const [what, userIds] of Object.entries({ different, same })) {
      await t.refused(
        watcher.raw.list({ userIds }),
        "BATCH_TOO_LARGE",
        `ListSubscriptions with a filter of ${userIds.length} ids, all of them ${what}`,
      );
    }
  },
};

/** Tokens that this call never gave. */
function malformed(name: string, title: string, token: (t: Bench) => string): Check {
  return {
    id: `list-pages/${name}`,
    title,
    applies: batchOf(3),
    run: async (t: Bench) => {
      const { watcher, ids } = await withRows(t, 3);
      const pageToken = token(t);
      await t.refused(
        watcher.raw.list({ pageSize: 1, pageToken }),
        "MALFORMED_PAGE_TOKEN",
        "ListSubscriptions with a token never given",
      );
      const pages = await pagesOf(t, watcher, 1);
      t.equal(targets(pages.flat()), ids, "targets of the rows, with the tokens that were given");
    },
  };
}

/** The first page's token of a list, for pages of one; the list must have two rows at least. */
async function firstToken(t: Bench, watcher: TestSession, userIds: readonly string[] = []): Promise<string> {
  const { nextPageToken } = await watcher.raw.list({ pageSize: 1, userIds });
  t.ok(nextPageToken !== "", "a list of more rows than one page has a next_page_token", nextPageToken);
  return nextPageToken;
}

const tokenOfAnotherUser: Check = {
  id: "list-pages/token-of-another-user",
  title: "Gives a page token that another user was given: refused; it works for him",
  applies: batchOf(2),
  run: async (t: Bench) => {
    const [mine, theirs] = [await withRows(t, 2), await withRows(t, 2)];
    const pageToken = await firstToken(t, theirs.watcher);
    const request = { pageSize: 1, pageToken };
    await t.refused(
      mine.watcher.raw.list(request),
      "MALFORMED_PAGE_TOKEN",
      "ListSubscriptions with another user's token",
    );
    t.equal(
      targets((await theirs.watcher.raw.list(request)).subscriptions),
      theirs.ids.slice(1),
      "targets on his second page",
    );
  },
};

const tokenOfAnotherFilter: Check = {
  id: "list-pages/token-of-another-filter",
  title:
    "Gives a page token of a list with a filter to one without, and the reverse: refused; it works where it belongs",
  applies: all(batchOf(3), (profile) => rowLimits(profile).pageMax >= 2 || "a filter takes one id only"),
  run: async (t: Bench) => {
    const { watcher, ids } = await withRows(t, 3);
    const filter = ids.slice(1);
    const [ofAll, ofFilter] = [await firstToken(t, watcher), await firstToken(t, watcher, filter)];
    const wrong = [{ pageToken: ofAll, userIds: filter }, { pageToken: ofFilter }];
    for (const request of wrong) {
      const call = watcher.raw.list({ pageSize: 1, ...request });
      await t.refused(call, "MALFORMED_PAGE_TOKEN", "ListSubscriptions with the token of another filter");
    }
    const right = await watcher.raw.list({ pageSize: 1, pageToken: ofFilter, userIds: filter });
    t.equal(targets(right.subscriptions), filter.slice(1), "targets on the second page with the filter");
  },
};

const dayMs = 86_400_000;

/** A day, if rows last for longer. */
function tokenAgeMs(profile: Profile): number {
  return Math.min(dayMs, Math.floor(rowLastsMs(profile) / 2));
}

/** Where the suite waits for time to pass. */
const awhileMs = 5_000;

const tokenLater: Check = {
  id: "list-pages/token-later",
  title: "Gives a page token up to a day later, by the session that it was given to and that lives: the rest comes",
  applies: batchOf(2),
  timeMs: (profile) => Math.min(tokenAgeMs(profile), awhileMs),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const ids = (await t.users(2)).map((user) => user.id).sort(byBytes);
    await watcher.subscribe(ids, longestRowTtl(t.profile));
    const pageToken = await firstToken(t, watcher);
    const ageMs = tokenAgeMs(t.profile);
    await t.time.pass(t.time.tier === "virtual" ? ageMs : Math.min(ageMs, awhileMs), "all");
    const rest = await pagesOf(t, watcher, 1, [], pageToken);
    t.equal(targets(rest.flat()), ids.slice(1), "targets of the rows from the second page on");
  },
};

export const listPagesChecks: readonly Check[] = [
  sizeObeyed("size-one", "Lists in pages of one: no page has more, all rows come", 1),
  sizeObeyed("size-three", "Lists in pages of three: no page has more, all rows come", 3),
  sizeObeyed("size-of-all", "Lists in pages of exactly as many as there are rows: all rows come", 7),
  sizeObeyed(
    "size-default",
    "Lists in pages of the server's choice: at most list_page_max rows a page, all rows come",
    0,
  ),
  sizeObeyed(
    "size-huge",
    "Lists in pages of 2,147,483,647: at most list_page_max rows a page, all rows come",
    2_147_483_647,
  ),
  otherSizes,
  overMax,
  noRows,
  negative("negative", -1),
  negative("most-negative", -2_147_483_648),
  filterAtLimit,
  tokenOfAnotherUser,
  tokenOfAnotherFilter,
  tokenLater,
  malformed(
    "token-words",
    "Gives a page token of plain words: refused; the tokens given work",
    () => "no token of yours",
  ),
  malformed("token-random", "Gives a random page token: refused; the tokens given work", (t) => t.random.text(24)),
  malformed("token-long", "Gives a page token of 5,000 bytes: refused; the tokens given work", (t) =>
    t.random.text(10).repeat(500),
  ),
];
