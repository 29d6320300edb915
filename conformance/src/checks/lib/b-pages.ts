// ListSubscriptions page by page.
import type { Bench, TestSession } from "../../check.ts";
import { admitted } from "./b-calls.ts";
import { createPace } from "./b-pace.ts";
import type { ListedRow } from "./b-values.ts";

/** More pages than any check's rows can fill: a list that goes on past them never ends. */
const pagesMax = 10_000;

/** All pages of a list, each as it came. `sizes`: of all pages, or of each; those beyond have the last one. From the page of `token` on, if there is one. */
export async function pagesOf(
  t: Bench,
  session: TestSession,
  sizes: number | readonly number[],
  userIds: readonly string[] = [],
  token = "",
): Promise<ListedRow[][]> {
  const pages: ListedRow[][] = [];
  const pace = createPace(t);
  let pageToken = token;
  do {
    await pace.room(session, "ListSubscriptions");
    const pageSize = typeof sizes === "number" ? sizes : (sizes[pages.length] ?? sizes.at(-1) ?? 0);
    const call = session.raw.list({ pageSize, pageToken, userIds });
    if (pageToken !== "") await admitted(t, call, "ListSubscriptions with a next_page_token that it gave");
    const answer = await call;
    pages.push(answer.subscriptions);
    t.ok(
      answer.nextPageToken === "" || answer.nextPageToken !== pageToken,
      "each page has a new next_page_token",
      pageToken,
    );
    pageToken = answer.nextPageToken;
  } while (pageToken !== "" && pages.length < pagesMax);
  t.equal(pageToken, "", "next_page_token after more pages than there are rows");
  return pages;
}
