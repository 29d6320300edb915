// Links that break, pages that are hidden, tabs that share and tabs that go.
import { OnlineStatus, Platform } from "@userstatus/protocol";
import type { BrowserContext, Request } from "playwright-core";
import { expect, it, onTestFinished } from "vitest";
import { startTcpProxy } from "../../../reference-client/src/testing/tcp-proxy.ts";
import { describePage, eventually, journalOf, say, watch, withinMs } from "./harness.ts";

/** As browsers treat pages that nobody sees for long: timers at most once a minute, and no animation frames. */
const hidden = `(() => {
  const minuteMs = 60_000;
  const { setTimeout: wait, setInterval: repeat } = window;
  window.setTimeout = (task, ms, ...rest) => wait(task, Math.max(minuteMs, ms ?? 0), ...rest);
  window.setInterval = (task, ms, ...rest) => repeat(task, Math.max(minuteMs, ms ?? 0), ...rest);
  window.requestAnimationFrame = () => 0;
  Object.defineProperty(Document.prototype, "hidden", { get: () => true });
  Object.defineProperty(Document.prototype, "visibilityState", { get: () => "hidden" });
})()`;

/** Calls of a method that the pages of a browser have made and got an answer to; Watches count when they are made. */
function countCalls(context: BrowserContext, method: string): () => number {
  let count = 0;
  const onRequest = (request: Request): void => {
    if (request.url().endsWith(`/userstatus.v1.UserStatusService/${method}`)) count += 1;
  };
  if (method === "Watch") context.on("request", onRequest);
  else context.on("requestfinished", onRequest);
  return () => count;
}

describePage(
  "the board's link",
  (bench) => {
    it("keeps a hidden page online for ten minutes without a timer of its own", async () => {
      const context = await bench.newBrowser();
      await context.addInitScript(hidden);
      const heartbeats = countCalls(context, "Heartbeat");
      const tab = await bench.open(context, "hidden.one");
      // Stops the clock.
      await bench.clock.advance(0, false);
      const watcher = await bench.colleague("watcher", Platform.LINUX);
      await watcher.subscribe(["hidden.one"]);
      for (let minute = 1; minute <= 10; minute += 1) {
        const before = heartbeats();
        await bench.clock.advance(60_000, false);
        await eventually(() => expect(heartbeats()).toBeGreaterThan(before));
        const [seen] = await watcher.query(["hidden.one"]);
        expect(seen).toMatchObject({ ok: true, status: { onlineStatus: OnlineStatus.ONLINE } });
      }
      // One login, and nothing since: the lease never ran out.
      expect((await journalOf(tab)).filter((text) => !text.startsWith("The clock"))).toEqual(["Logged in"]);
    });

    it("resumes after the network was away, and has missed nothing", async () => {
      const relay = await startTcpProxy(bench.url);
      onTestFinished(() => relay.close());
      const context = await bench.newBrowser();
      const tab = await bench.openAt(context, "#/traveller/web", relay.url);
      await tab.page.locator('.pill[data-mood="good"]').waitFor();
      const colleague = await bench.colleague("maya.chen", Platform.IOS, "Before");
      await watch(tab, "maya.chen");
      // Chromium's switch stops what is new; what is open breaks as on a network that went away.
      await context.setOffline(true);
      relay.cut();
      await tab.page.locator('.pill[data-mood="busy"]').waitFor();
      await colleague.setCustomStatus("During");
      await context.setOffline(false);
      await tab.page.getByText("Resumed: nothing was missed.", { exact: true }).waitFor();
      await tab.page.locator('[data-user="maya.chen"]').getByText("During", { exact: true }).waitFor();
      const journal = await journalOf(tab);
      expect(journal).toContain("Maya Chen says “During”");
      expect(journal).not.toContain("Back, with a full snapshot");
    });

    it("cuts the link by a button, counts down to the next try, and resumes when it is whole again", async () => {
      const tab = await bench.open(await bench.newBrowser(), "cutter");
      const watcher = await bench.colleague("watcher", Platform.LINUX);
      await watcher.subscribe(["cutter"]);
      await watch(tab, "watcher");
      const watches = await bench.openWatches();
      await tab.page.getByRole("button", { name: "Cut the link" }).click();
      await tab.page
        .locator(".pill")
        .getByText(/^Reconnecting in \d\.\d s$/)
        .waitFor();
      // The server sees the loss, too.
      await eventually(async () => expect(await bench.openWatches()).toBe(watches - 1));
      await watcher.setCustomStatus("Said while you were away");
      await tab.page.getByRole("button", { name: "Restore the link" }).click();
      await tab.page.getByText("Resumed: nothing was missed.", { exact: true }).waitFor();
      await tab.page.getByText("Said while you were away", { exact: true }).waitFor();
      expect(watcher.statuses.get("cutter")?.onlineStatus).toBe(OnlineStatus.ONLINE);
    });

    it("shows a tab that was closed as offline once its grace is over, and one that logged out as logged out", async () => {
      const watcher = await bench.colleague("watcher", Platform.LINUX);
      const lost = await bench.open(await bench.newBrowser(), "lost.one");
      const gone = await bench.open(await bench.newBrowser(), "gone.one");
      await watcher.subscribe(["lost.one", "gone.one"]);
      const statusOf = (userId: string): OnlineStatus | undefined => watcher.statuses.get(userId)?.onlineStatus;
      await gone.page.getByRole("button", { name: "Log out" }).click();
      await eventually(() => expect(statusOf("gone.one")).toBe(OnlineStatus.LOGGED_OUT));
      await gone.page.close();
      const watches = await bench.openWatches();
      await lost.page.close();
      await eventually(async () => expect(await bench.openWatches()).toBe(watches - 1));
      await bench.clock.advance(14_000, true);
      await watcher.sync();
      expect(statusOf("lost.one")).toBe(OnlineStatus.ONLINE);
      await bench.clock.advance(2_000, true);
      await watcher.sync();
      expect(statusOf("lost.one")).toBe(OnlineStatus.OFFLINE);
      expect(statusOf("gone.one")).toBe(OnlineStatus.LOGGED_OUT);
    });

    it("works where browsers give no locks: each tab is a device of its own", async () => {
      const context = await bench.newBrowser();
      await context.addInitScript("delete Navigator.prototype.locks");
      const before = await bench.openWatches();
      const first = await bench.open(context, "lan.phone", "ios");
      const second = await bench.open(context, "lan.phone", "ios");
      expect(await bench.openWatches()).toBe(before + 2);
      await say(first, "From the first tab");
      await expect.poll(() => second.page.locator(".own-now").textContent()).toBe("From the first tab");
    });

    it("shares one Watch among six tabs, and hands it on when the leading one closes, unseen by others", async () => {
      const watcher = await bench.colleague("watcher", Platform.LINUX);
      const before = await bench.openWatches();
      const context = await bench.newBrowser();
      const watchCalls = countCalls(context, "Watch");
      const leading = await bench.open(context, "nora.lind");
      const others = [];
      for (let tab = 2; tab <= 6; tab += 1) others.push(await bench.open(context, "nora.lind"));
      await leading.page.getByText("6 tabs share this connection").waitFor();
      expect(await bench.openWatches()).toBe(before + 1);
      expect(watchCalls()).toBe(1);

      await watcher.subscribe(["nora.lind"]);
      const seen: (OnlineStatus | undefined)[] = [];
      watcher.on("statusChanged", ({ status }) => seen.push(status?.onlineStatus));
      const [second, third] = others;
      if (second === undefined || third === undefined) throw new Error("there are six tabs");
      // What is done in one tab is done by the leading one, and shown in all.
      await watch(second, "watcher");
      await say(third, "In six tabs");
      for (const { page } of [leading, ...others]) await page.locator('[data-user="watcher"]').waitFor();

      await leading.page.close();
      await second.page.getByText("5 tabs share this connection").waitFor();
      await second.page.locator('.pill[data-mood="good"]').waitFor();
      await expect.poll(watchCalls, { timeout: withinMs }).toBe(2);
      await eventually(async () => expect(await bench.openWatches()).toBe(before + 1));
      await watcher.setCustomStatus("Still there?");
      for (const { page } of others) await page.getByText("Still there?", { exact: true }).waitFor();
      await say(third, "Still here");
      // Longer than any grace: had the link been lost, others would see it now.
      await bench.clock.advance(60_000, true);
      await watcher.sync();
      expect(new Set(seen)).toEqual(new Set([OnlineStatus.ONLINE]));

      // A logout in one tab is the logout of all, and none logs in again.
      await third.page.getByRole("button", { name: "Log out" }).click();
      for (const { page } of others) await page.getByText("You are logged out.").waitFor();
      await eventually(() => expect(watcher.statuses.get("nora.lind")?.onlineStatus).toBe(OnlineStatus.LOGGED_OUT));
      const locks = await second.page.evaluate(
        "navigator.locks.query().then(({ held, pending }) => held.length + pending.length)",
      );
      expect(locks).toBe(0);
      expect(watchCalls()).toBe(2);
      expect(await bench.openWatches()).toBe(before);
    });
  },
  // What Chromium itself prints of a network that breaks or is away.
  /net::ERR_(INTERNET_DISCONNECTED|CONNECTION_RESET|NETWORK_CHANGED|INCOMPLETE_CHUNKED_ENCODING)/,
);
