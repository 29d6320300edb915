import { expect, test } from "vitest";
import { badReport as bad, goodReport as good } from "../testing/sample-report.ts";
import { toBadge } from "./badge.ts";
import { toGitHub } from "./github.ts";
import { toHtml } from "./html.ts";
import { fromJsonText } from "./json.ts";
import { toMarkdown } from "./markdown.ts";

test("the badge says the verdict", () => {
  expect(JSON.parse(toBadge(good))).toEqual({
    schemaVersion: 1,
    label: "user status: zim",
    message: "conformant, 1/1",
    color: "brightgreen",
  });
  expect(JSON.parse(toBadge(bad))).toMatchObject({
    message: expect.stringMatching(/^not conformant.*, 1\/2$/),
    color: "red",
  });
});

test("annotations are one line each, whatever a server sends", () => {
  const lines = toGitHub(bad).trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(
    /^::error title=FAIL query-result\/each-once::the answer\. Expected "a", got .*%0A::error::x .*100%25/,
  );
  expect(lines[1]).toMatch(/^::warning title=WARN /);
  expect(lines[2]).toMatch(/^::error title=NON_CONFORMANT::zim: 1 requirements kept, 1 broken/);
  expect(toGitHub(good)).toMatch(/^::notice title=CONFORMANT::/);
});

test("Markdown has the verdict, each failure and a row for each section, and no markup of a server's", () => {
  const text = toMarkdown(bad);
  expect(text).toMatch(/^## ❌ NON_CONFORMANT/);
  expect(text).toContain("<b>FAIL</b> <code>query-result/each-once</code> over grpc-h2");
  expect(text).toContain("| §9 Query | 1 | 0 | **1** |");
  // Within fences longer than any inside, and nowhere else.
  const outside = text.replaceAll(/(`{3,})text\n[\s\S]*?\n\1/g, "");
  expect(outside).not.toContain("<img");
  expect(outside).not.toContain("</script");
  expect(text).toContain("````text");
});

test("the page has all of it without a script, and what a server sent is text", () => {
  const page = toHtml(bad);
  for (const part of [
    "NON CONFORMANT",
    "query-result/each-once",
    'class="sequence"',
    "03:04:05.678",
    "--only &#39;query-result/each-once&#39;",
  ])
    expect(page).toContain(part);
  expect(page).not.toContain("<img");
  expect(page.match(/<\/script>/g)).toHaveLength(2);
  expect(page).not.toMatch(/<[^>]*\s(?:src|href)=(?!"data:,")/);
  const embedded = /id="report">(.*?)<\/script>/s.exec(page)?.[1] ?? "";
  expect(fromJsonText(embedded)).toEqual(bad);
  expect(toHtml(good)).not.toContain('id="failures"');
});
