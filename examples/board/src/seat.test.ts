import { afterEach, describe, expect, it, vi } from "vitest";
import { type Channel, createSeat, type Leader, type Message, type Seat, type SeatOptions } from "./seat.ts";
import type { BoardView, Command } from "./view.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** A browser: one lock that tabs queue for, and a channel between them. */
function createBrowser() {
  const listeners = new Map<Channel, (message: Message) => void>();
  const queue: (() => void)[] = [];
  let held = false;
  const next = (): void => {
    const take = queue.shift();
    held = take !== undefined;
    take?.();
  };
  return {
    openChannel: (): Channel => {
      const channel: Channel = {
        post: (message) => {
          if (!listeners.has(channel)) throw new Error("posted to a closed channel");
          const sent = structuredClone(message);
          for (const [other, listener] of listeners) if (other !== channel) queueMicrotask(() => listener(sent));
        },
        listen: (listener) => listeners.set(channel, listener),
        close: () => listeners.delete(channel),
      };
      return channel;
    },
    requestLock: (signal: AbortSignal, hold: () => Promise<void>): Promise<void> =>
      new Promise((resolve, reject) => {
        const take = (): void => void hold().then(resolve).finally(next);
        signal.addEventListener("abort", () => {
          const at = queue.indexOf(take);
          if (at < 0) return;
          queue.splice(at, 1);
          reject(new Error("aborted"));
        });
        if (held) queue.push(take);
        else {
          held = true;
          queueMicrotask(take);
        }
      }),
  };
}

interface Tab {
  readonly seat: Seat;
  readonly views: { view: BoardView; leading: boolean }[];
  readonly ran: Command[];
  readonly earlier: (BoardView | undefined)[];
  left: boolean;
  /** What a command comes to. */
  outcome: () => Promise<void>;
}

const viewOf = (tab: string): BoardView => ({ madeBy: tab, tabs: 1 }) as unknown as BoardView;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const command: Command = { kind: "cut" };

function openTab(browser: ReturnType<typeof createBrowser>, name: string, more: Partial<SeatOptions> = {}): Tab {
  const state = { views: [], ran: [], earlier: [], left: false, outcome: async () => {} } as Omit<Tab, "seat">;
  const leader: Leader = {
    view: () => viewOf(name),
    run: (asked) => {
      state.ran.push(asked);
      return (tab as Tab).outcome();
    },
    close: () => {},
  };
  const seat = createSeat({
    tab: name,
    channel: browser.openChannel(),
    requestLock: browser.requestLock,
    lead: (earlier) => {
      state.earlier.push(earlier);
      return leader;
    },
    onView: (view, leading) => state.views.push({ view, leading }),
    onLeft: () => {
      (tab as Tab).left = true;
    },
    ...more,
  });
  const tab: Tab = Object.assign(state, { seat });
  return tab;
}

describe("the seat of a tab", () => {
  it("leads with the lock, and shows the leading tab's view without", async () => {
    const browser = createBrowser();
    const first = openTab(browser, "first");
    await settle();
    const second = openTab(browser, "second");
    await settle();
    expect(first.views.at(-1)).toEqual({ view: { madeBy: "first", tabs: 2 }, leading: true });
    expect(second.views.at(-1)).toEqual({ view: { madeBy: "first", tabs: 2 }, leading: false });
    expect(second.earlier).toEqual([]);
    second.seat.close();
    await settle();
    expect(first.views.at(-1)?.view.tabs).toBe(1);
  });

  it("runs commands in the leading tab, and brings back what went wrong", async () => {
    const browser = createBrowser();
    const first = openTab(browser, "first");
    const second = openTab(browser, "second");
    await settle();
    await second.seat.run(command);
    await first.seat.run({ kind: "restore" });
    expect(first.ran).toEqual([command, { kind: "restore" }]);
    first.outcome = () => Promise.reject(new Error("Too often"));
    await expect(second.seat.run(command)).rejects.toThrow("Too often");
    expect(second.ran).toEqual([]);
  });

  it("takes over with what was shown last, and does what the gone tab left undone", async () => {
    const browser = createBrowser();
    const first = openTab(browser, "first");
    const [second, third] = [openTab(browser, "second"), openTab(browser, "third")];
    await settle();
    first.outcome = () => new Promise(() => {});
    const undone = [second.seat.run(command), third.seat.run({ kind: "restore" })];
    await settle();
    expect(first.ran).toHaveLength(2);
    first.seat.close();
    await Promise.all(undone);
    expect(second.earlier).toEqual([{ madeBy: "first", tabs: 3 }]);
    expect(second.ran).toEqual([command, { kind: "restore" }]);
    expect(third.views.at(-1)).toEqual({ view: { madeBy: "second", tabs: 2 }, leading: false });
  });

  it("does not lead when the person has logged out meanwhile, and leaves the lock to the next", async () => {
    const browser = createBrowser();
    const first = openTab(browser, "first");
    const second = openTab(browser, "second", { lead: () => undefined });
    const third = openTab(browser, "third", { lead: () => undefined });
    await settle();
    first.seat.close();
    await settle();
    expect([second.left, third.left]).toEqual([true, true]);
  });

  it("says so when the leading tab does not answer, and when it leaves itself", async () => {
    const browser = createBrowser();
    const first = openTab(browser, "first");
    const second = openTab(browser, "second", { answerMs: 5_000 });
    await settle();
    first.outcome = () => new Promise(() => {});
    vi.useFakeTimers();
    const unanswered = expect(second.seat.run(command)).rejects.toThrow("does not answer");
    await vi.advanceTimersByTimeAsync(5_000);
    await unanswered;
    const abandoned = expect(second.seat.run(command)).rejects.toThrow("has left");
    second.seat.close();
    await abandoned;
  });

  it("is silent after it has left", async () => {
    const browser = createBrowser();
    const first = openTab(browser, "first");
    const second = openTab(browser, "second");
    await settle();
    let finish = (): void => {};
    first.outcome = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const running = second.seat.run(command);
    await settle();
    first.seat.close();
    // The answer comes too late to be told, and the next tab runs the command: a channel that is closed would throw.
    finish();
    await running;
    expect(second.ran).toEqual([command]);
  });
});
