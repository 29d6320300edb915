// Checks of SPEC §10.4, `list-pages`: whose a page token is. Others of tokens: list-pages.ts.
import type { Bench, Check, TestSession } from "../check.ts";
import { pagesOf } from "./lib/b-pages.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { longestRowTtl } from "./lib/b-times.ts";
import { all, batchOf, byBytes, type ListedRow, rowIn } from "./lib/b-values.ts";
import { roomFor } from "./lib/c-actors.ts";

function targets(rows: readonly ListedRow[]): string[] {
  return rows.map((one) => one.subscription?.userId ?? "");
}

/** Subscribes to all of them; answers with the token of the second page of one row each. */
async function tokenOf(t: Bench, watcher: TestSession, ids: readonly string[]): Promise<string> {
  const results = await watcher.subscribe(ids, longestRowTtl(t.profile));
  for (const id of ids) rowIn(t, results, id);
  const { nextPageToken } = await watcher.raw.list({ pageSize: 1 });
  t.ok(nextPageToken !== "", "a list of more rows than one page has a next_page_token", nextPageToken);
  return nextPageToken;
}

const ofAnotherApp: Check = {
  id: "list-pages/token-of-another-app",
  title:
    "Gives a page token that the user of the same id in another app was given, with rows to the same ids: refused; it works there",
  claims: ["multi_app"],
  tools: ["second-app"],
  applies: batchOf(2),
  run: async (t: Bench) => {
    const user = await t.user();
    const people = await t.users(2);
    const ids = people.map(({ id }) => id).sort(byBytes);
    // Where no backend registers them there, their Login does.
    for (const one of people) await (await t.inOtherApp(one)).login();
    const here = await user.login();
    const there = await (await t.inOtherApp(user)).login();
    await tokenOf(t, here, ids);
    const pageToken = await tokenOf(t, there, ids);
    const call = here.raw.list({ pageSize: 1, pageToken });
    await t.refused(call, "MALFORMED_PAGE_TOKEN", "ListSubscriptions with a token of another app");
    const right = await there.raw.list({ pageSize: 1, pageToken });
    t.equal(targets(right.subscriptions), ids.slice(1), "targets on the second page in the other app");
  },
};

const inAnotherSession: Check = {
  id: "list-pages/token-in-another-session",
  title: "One of a user's two sessions gives a page token that the other was given: the rest comes",
  claims: ["multi_session"],
  applies: all(batchOf(2), roomFor(2)),
  run: async (t: Bench) => {
    const [one, two] = await twoSessions(t);
    const ids = (await t.users(2)).map((user) => user.id).sort(byBytes);
    const pageToken = await tokenOf(t, one, ids);
    const rest = await pagesOf(t, two, 1, [], pageToken);
    t.equal(targets(rest.flat()), ids.slice(1), "targets of the rows from the second page on");
  },
};

export const listPageTokenChecks: readonly Check[] = [ofAnotherApp, inAnotherSession];
