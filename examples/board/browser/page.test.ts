// The page as people use it: two of them, a keyboard, a phone, a reader of screens.
import { Platform } from "@userstatus/protocol";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { describePage, eventually, journalOf, say, type Tab, watch } from "./harness.ts";

/** Controls of the accessibility tree without a name. */
async function namelessControls(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const controls = new Set(["button", "textbox", "combobox", "checkbox", "link", "list", "region", "form"]);
  const found = nodes.filter((node) => !node.ignored && controls.has(String(node.role?.value)));
  expect(found.length).toBeGreaterThan(2);
  // A list of an app may go without a name only if nothing can be done in it.
  return found.filter((node) => !node.name?.value).map((node) => String(node.role?.value));
}

async function overflowPx(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

/** Presses Tab until a control of this name has the focus, and sees that one can see it. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<{ name: string; outline: string }>(`(() => {
      const { activeElement: element } = document;
      const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent;
      return { name: label, outline: getComputedStyle(element).outlineStyle };
    })()`);
    if (focused.name !== name) continue;
    expect(focused.outline).not.toBe("none");
    return;
  }
  throw new Error(`Tab does not come to ${name}`);
}

describePage("the board", (bench) => {
  it("shows two people each other's texts, platforms and leaving as they happen", async () => {
    const maya = await bench.open(await bench.newBrowser(), "maya.chen", "ios");
    const jonas = await bench.open(await bench.newBrowser(), "jonas.weber");
    await watch(maya, "jonas.weber");
    await watch(jonas, "maya.chen");
    await say(maya, "Design review");
    const seenByJonas = jonas.page.locator('[data-user="maya.chen"]');
    await seenByJonas.getByText("Design review", { exact: true }).waitFor();
    await seenByJonas.getByText("iPhone", { exact: true }).waitFor();
    await say(jonas, "At lunch <b>until 1</b>");
    await maya.page
      .locator('[data-user="jonas.weber"]')
      .getByText("At lunch <b>until 1</b>", { exact: true })
      .waitFor();
    await jonas.page.getByRole("button", { name: "Log out" }).click();
    await maya.page.locator('[data-user="jonas.weber"][data-presence="logged-out"]').waitFor();
    expect((await journalOf(maya))[0]).toBe("Jonas Weber is logged out");
    // Read out, too.
    expect(await maya.page.locator("#announcer").textContent()).toContain("Jonas Weber is logged out");
    await jonas.page.getByText("You are logged out.").waitFor();
    expect(await jonas.page.evaluate("location.hash")).toBe("");
  });

  it("shows a subscription run out, renewed, pushed out by newer ones, and given up", async () => {
    const tab = await bench.open(await bench.newBrowser(), "nora.lind");
    const { page } = tab;
    for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 8]) await bench.colleague(`colleague.${at}`, Platform.LINUX);
    // The clock stands still from here on, so that a countdown is what it is.
    await page.getByRole("button", { name: "Move the clock by 10 seconds" }).click();
    await watch(tab, "colleague.0", "1 minute");
    await page.getByText("Watching 1:00").waitFor();
    await page.getByRole("button", { name: "Move the clock by 10 seconds" }).click();
    await page.getByText("Watching 0:50").waitFor();
    await page.getByLabel("For", { exact: true }).selectOption({ label: "5 minutes" });
    await page.getByRole("button", { name: "Renew Colleague 0" }).click();
    await page.getByText("Watching 5:00").waitFor();
    for (const at of [1, 2, 3, 4, 5, 6, 7, 8]) await watch(tab, `colleague.${at}`, "1 minute");
    const first = page.locator('[data-user="colleague.0"]');
    await first.getByText("Made room for a newer one").waitFor();
    await page.getByText("watching 8 of at most 8").waitFor();
    await page.getByRole("button", { name: "Dismiss Colleague 0" }).click();
    await first.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Unsubscribe Colleague 1" }).click();
    await page.locator('[data-user="colleague.1"]').waitFor({ state: "detached" });
    // The focus went on to the next row, not to nowhere.
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Unsubscribe Colleague 2");
    await page.getByRole("button", { name: "Move the clock by 1 minute" }).click();
    await page.locator('[data-user="colleague.2"]').getByText("Time ran out").waitFor();
    await page.getByText("watching 0 of at most 8").waitFor();
    await page.getByRole("button", { name: "Watch Colleague 2 again" }).click();
    await page.getByText("watching 1 of at most 8").waitFor();
  });

  it("says what went wrong in words", async () => {
    const { page } = await bench.open(await bench.newBrowser(), "nora.lind");
    await page.getByLabel("Watch", { exact: true }).fill("nobody.yet, Nora Lind");
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    await page.getByRole("alert").getByText("Nobody Yet has never logged in; Nora Lind is you.").waitFor();
    await page.getByLabel("What are you up to?").fill("é".repeat(129));
    await page.getByText("258 of 256 bytes").waitFor();
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await page.getByRole("alert").getByText("The text is too long.").waitFor();
  });

  it("is used by keyboard alone", async () => {
    const { page } = await bench.openAt(await bench.newBrowser(), "");
    await bench.colleague("maya.chen", Platform.IOS, "Design review");
    await page.getByLabel("Your name").waitFor();
    await page.keyboard.type("Keyboard Only");
    await tabTo(page, "You are on");
    await page.keyboard.type("Lin");
    await tabTo(page, "Log in");
    await page.keyboard.press("Enter");
    await page.locator('.pill[data-mood="good"]').waitFor();
    await tabTo(page, "What are you up to?");
    await page.keyboard.type("Reading the release notes");
    await tabTo(page, "Clear after");
    await page.keyboard.type("5");
    await tabTo(page, "Set");
    await page.keyboard.press("Enter");
    await eventually(async () =>
      expect(await page.locator(".own-now").textContent()).toBe("Reading the release notes"),
    );
    expect(await page.locator(".own-status .muted").textContent()).toMatch(/^for [45]:\d\d more$/);
    await tabTo(page, "Watch");
    await page.keyboard.type("maya.chen");
    await tabTo(page, "For");
    await page.keyboard.type("1 h");
    await tabTo(page, "Subscribe");
    await page.keyboard.press("Enter");
    await page.locator('[data-user="maya.chen"]').getByText("Design review", { exact: true }).waitFor();
    expect(await page.locator('[data-user="maya.chen"] .rest').textContent()).toMatch(
      /^Watching (59:\d\d|1 h 00 min)$/,
    );
    expect(await page.locator("header .me").textContent()).toBe("Keyboard OnlyLinux");
    await tabTo(page, "Unsubscribe Maya Chen");
    await page.keyboard.press("Enter");
    await page.getByText("You watch nobody yet.").waitFor();
  });

  it.each(["light", "dark"] as const)(
    "fits a phone of 360 px, and every control has a name (%s)",
    async (colorScheme) => {
      const context = await bench.newBrowser({ viewport: { width: 360, height: 740 }, hasTouch: true, colorScheme });
      const login = await bench.openAt(context, "");
      await login.page.getByLabel("Your name").waitFor();
      expect(await overflowPx(login.page)).toBe(0);
      expect(await namelessControls(login.page)).toEqual([]);
      const tab: Tab = await bench.open(context, "alexandrina.featherstonehaugh.1");
      await bench.colleague("maximiliane.von-und-zu-brandenbu", Platform.MINI_PROGRAM, "W".repeat(120));
      await watch(tab, "maximiliane.von-und-zu-brandenbu");
      await say(tab, "M".repeat(250));
      expect(await overflowPx(tab.page)).toBe(0);
      expect(await namelessControls(tab.page)).toEqual([]);
      expect(await tab.page.evaluate("document.documentElement.lang")).toBe("en");
    },
  );
});
