// A board, a Chromium, and what tests of the page ask of both. Without a Chromium, tests are skipped on a person's machine and fail in CI.
import { createConnectTransport } from "@connectrpc/connect-web";
import type { UserStatusClient } from "@userstatus/client";
import type { Platform } from "@userstatus/protocol";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, vi } from "vitest";
import { type RunningBoard, startBoard } from "../server/board.ts";
import { createTestClock, type TestClock } from "../src/test-clock.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { logInColleague } from "./colleagues.ts";

/** A page, with what went wrong in it. */
export interface Tab {
  readonly page: Page;
  /** Errors of console and scripts. */
  readonly errors: readonly string[];
}

export interface Bench {
  readonly url: string;
  readonly clock: TestClock;
  /** A browser of its own: storage, locks and channels are shared within it. */
  readonly newBrowser: (options?: Parameters<Browser["newContext"]>[0]) => Promise<BrowserContext>;
  /** Opens the board as somebody, and waits until it is online. */
  readonly open: (context: BrowserContext, user: string, platform?: string) => Promise<Tab>;
  /** Opens a path of the board. `origin`: a way to it other than its own address. */
  readonly openAt: (context: BrowserContext, path: string, origin?: string) => Promise<Tab>;
  /** Somebody outside of the browser. */
  readonly colleague: (userId: string, platform: Platform, text?: string) => Promise<UserStatusClient>;
  /** Open Watches, as the server counts them. */
  readonly openWatches: () => Promise<number>;
}

/** Longest wait for something that must happen. */
export const withinMs = 15_000;

/** Waits for a condition, with a bound. */
export async function eventually(condition: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(condition, { timeout: withinMs, interval: 25 });
}

/** Watches somebody from a page. */
export async function watch({ page }: Tab, names: string, duration?: string): Promise<void> {
  await page.getByLabel("Watch", { exact: true }).fill(names);
  if (duration !== undefined) await page.getByLabel("For", { exact: true }).selectOption({ label: duration });
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  for (const name of names.split(",")) await page.locator(`[data-user="${name.trim()}"]`).waitFor();
  // A row may come before the answer, and until that the form takes no second one.
  await page.locator("form.subscribe[aria-busy]").waitFor({ state: "detached" });
}

/** Sets one's text from a page. */
export async function say({ page }: Tab, text: string): Promise<void> {
  await page.getByLabel("What are you up to?").fill(text);
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await expect.poll(() => page.locator(".own-now").textContent(), { timeout: withinMs }).toBe(text);
}

/** The texts of the journal, newest first. */
export async function journalOf({ page }: Tab): Promise<string[]> {
  return await page.locator(".events li > span").allTextContents();
}

/** Tests of a page. `allowed`: errors that the test itself brings about. */
export function describePage(title: string, define: (bench: Bench) => void, allowed: RegExp = /^\b$/): void {
  if (findChromium() === undefined && process.env.CI === undefined) {
    console.warn(`SKIPPED ${title}: no Chromium was found; install one, or name it by CHROMIUM`);
    describe.skip(title, () => define(undefined as never));
    return;
  }
  // Generous for a machine that does other things, too; every wait has a bound of its own.
  describe(title, { timeout: 90_000 }, () => {
    let board: RunningBoard | undefined;
    let browser: Browser | undefined;
    const tabs: Tab[] = [];
    const colleagues: UserStatusClient[] = [];
    const contexts: BrowserContext[] = [];
    const running = (): { board: RunningBoard; browser: Browser } => {
      if (board === undefined || browser === undefined) throw new Error("the bench is not up");
      return { board, browser };
    };
    beforeAll(async () => {
      // Keep-alives come so often that tests need not wait for them.
      const serverFlags = ["--keep-alive", "1s", "--metrics-listen", "127.0.0.1:0"];
      [board, browser] = await Promise.all([
        startBoard({ host: "127.0.0.1", port: 0, serverFlags, drainTimeoutMs: 300 }),
        launchChromium(),
      ]);
    }, 60_000);
    afterEach(async () => {
      const errors = tabs.flatMap((tab) => tab.errors).filter((error) => !allowed.test(error));
      tabs.length = 0;
      for (const context of contexts.splice(0)) await context.close();
      for (const client of colleagues.splice(0)) await client.close();
      expect(errors).toEqual([]);
    });
    afterAll(async () => {
      await browser?.close();
      await board?.stop();
    });
    const openAt: Bench["openAt"] = async (context, path, origin = running().board.url) => {
      const page = await context.newPage();
      page.setDefaultTimeout(withinMs);
      const errors: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      const tab = { page, errors };
      tabs.push(tab);
      await page.goto(`${origin}/${path}`);
      return tab;
    };
    define({
      get url() {
        return running().board.url;
      },
      get clock() {
        return createTestClock(createConnectTransport({ baseUrl: running().board.url }));
      },
      newBrowser: async (options) => {
        const context = await running().browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
        contexts.push(context);
        return context;
      },
      openAt,
      open: async (context, user, platform = "web") => {
        const tab = await openAt(context, `#/${user}/${platform}`);
        await tab.page.locator('.pill[data-mood="good"]').waitFor();
        return tab;
      },
      colleague: async (userId, platform, text) => {
        const client = await logInColleague(running().board.url, userId, platform, text);
        colleagues.push(client);
        return client;
      },
      openWatches: async () => {
        const { metricsUrl } = running().board.serverUrls;
        const text = await (await fetch(`${metricsUrl}/metrics`)).text();
        return Number(/^userstatus_open_watches (\d+)$/m.exec(text)?.[1]);
      },
    });
  });
}
