// `npm run board:screenshots`: the pictures of the README, in docs/images.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { UserStatusClient } from "@userstatus/client";
import { Platform } from "@userstatus/protocol";
import type { Browser, Page } from "playwright-core";
import { startBoard } from "../server/board.ts";
import { launchChromium } from "./chromium.ts";
import { logInColleague } from "./colleagues.ts";

const minute = 60_000;
const hour = 60 * minute;
const images = fileURLToPath(new URL("../../../docs/images/", import.meta.url));

/** As many rows as a picture has room for. */
const serverFlags = ["max_subscriptions", "subscribe_batch_max"].flatMap((name) => ["--set", `subscription.${name}=6`]);

interface Colleague {
  readonly userId: string;
  readonly platforms: readonly Platform[];
  readonly text: string;
  readonly ttlMs?: number;
  /** How, if at all. */
  readonly leaves?: "lost" | "logged-out";
}

const colleagues: readonly Colleague[] = [
  { userId: "amara.okafor", platforms: [Platform.MACOS, Platform.IOS], text: "Design review", ttlMs: 45 * minute },
  { userId: "daniel.reyes", platforms: [Platform.ANDROID], text: "On the train, back at noon", ttlMs: 2 * hour },
  { userId: "jonas.weber", platforms: [Platform.LINUX], text: "", leaves: "lost" },
  { userId: "maya.chen", platforms: [Platform.WEB], text: "Happy to help with onboarding" },
  { userId: "priya.nair", platforms: [Platform.IPADOS], text: "" },
  { userId: "sofia.rossi", platforms: [Platform.MACOS], text: "Back on Monday", leaves: "logged-out" },
  { userId: "noah.lindqvist", platforms: [Platform.IOS], text: "" },
];

async function logInAll(url: string): Promise<UserStatusClient[]> {
  const clients: UserStatusClient[] = [];
  for (const { userId, platforms, text, ttlMs } of colleagues) {
    for (const [at, platform] of platforms.entries())
      clients.push(await logInColleague(url, userId, platform, at === 0 ? text : "", ttlMs));
  }
  return clients;
}

async function watch(page: Page, names: string, duration: string): Promise<void> {
  await page.getByLabel("Watch", { exact: true }).fill(names);
  await page.getByLabel("For", { exact: true }).selectOption({ label: duration });
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await page.locator("form.subscribe:not([aria-busy])").waitFor();
}

/** A board on which something has happened. */
async function arrange(page: Page, url: string, clients: readonly UserStatusClient[]): Promise<void> {
  await page.goto(`${url}/#/nora.lind/web`);
  await page.getByText("Online", { exact: true }).first().waitFor();
  await watch(page, "noah.lindqvist", "8 hours");
  await watch(page, "jonas.weber, sofia.rossi", "8 hours");
  await watch(page, "amara.okafor", "4 hours");
  await watch(page, "daniel.reyes, maya.chen", "1 hour");
  await page.getByRole("button", { name: "Move the clock by 10 seconds" }).click();
  for (const client of clients) {
    const { leaves } = colleagues.find(({ userId }) => userId === client.self?.status?.userId) ?? {};
    if (leaves === "lost") await client.close();
    if (leaves === "logged-out") await client.disconnect();
  }
  await page.locator('[data-user="sofia.rossi"][data-presence="logged-out"]').waitFor();
  await page.getByLabel("What are you up to?").fill("Reviewing the release notes");
  await page.getByLabel("Clear after").selectOption({ label: "30 minutes" });
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByText("Reviewing the release notes").waitFor();
  await page.getByRole("button", { name: "Move the clock by 1 minute" }).click();
  await page.locator('[data-user="jonas.weber"][data-presence="offline"]').waitFor();
  // One more than there is room for.
  await watch(page, "priya.nair", "1 minute");
  await page.locator('[data-user="noah.lindqvist"][data-presence="gone"]').waitFor();
  const maya = clients.find((client) => client.self?.status?.userId === "maya.chen");
  await maya?.setCustomStatus("Lunch, then pairing with Daniel", { ttlMs: hour });
  await page.getByText("Lunch, then pairing with Daniel", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Move the clock by 10 seconds" }).click();
  await page.getByText("Watching 0:50").waitFor();
}

interface Picture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  /** What is at the top; absent: the page's own. */
  readonly top?: string;
}

const pictures: readonly Picture[] = [
  { name: "board-light", width: 1160, height: 980, dark: false },
  { name: "board-dark", width: 1160, height: 980, dark: true },
  { name: "board-phone", width: 390, height: 844, dark: false, top: "#people" },
];

async function take(browser: Browser, { name, width, height, dark, top }: Picture): Promise<void> {
  const board = await startBoard({ host: "127.0.0.1", port: 0, serverFlags, drainTimeoutMs: 300 });
  const clients = await logInAll(board.url);
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    locale: "en-GB",
    reducedMotion: "reduce",
  });
  try {
    const page = await context.newPage();
    await arrange(page, board.url, clients);
    await page.mouse.move(0, 0);
    await page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)");
    if (top !== undefined)
      await page.locator(top).evaluate((element) => scrollBy(0, element.getBoundingClientRect().top - 12));
    await page.screenshot({ path: join(images, `${name}.png`) });
    console.log(`docs/images/${name}.png`);
  } finally {
    await context.close();
    for (const client of clients) await client.close();
    await board.stop();
  }
}

mkdirSync(images, { recursive: true });
const browser = await launchChromium();
try {
  for (const picture of pictures) await take(browser, picture);
} finally {
  await browser.close();
}
