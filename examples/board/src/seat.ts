// One connection for all tabs of a person in this browser. The tab that holds the lock leads: it has the client, and relays what it
// shows. When it goes, the browser gives the lock to another tab, which logs in for the same device: the same session goes on.
import type { BoardView, Command } from "./view.ts";

/** What leading is made of. */
export interface Leader {
  readonly view: () => BoardView;
  readonly run: (command: Command) => Promise<void>;
  readonly close: () => void;
}

/** A broadcast channel, as far as it is needed. */
export interface Channel {
  readonly post: (message: Message) => void;
  readonly listen: (listener: (message: Message) => void) => void;
  readonly close: () => void;
}

export type Message =
  /** A tab is there, and asks the leading one for the view. */
  | { readonly kind: "here"; readonly tab: string }
  | { readonly kind: "gone"; readonly tab: string }
  /** A tab leads from now on: the others say `here`, and send again what was not answered. */
  | { readonly kind: "leads" }
  | { readonly kind: "view"; readonly view: BoardView }
  | { readonly kind: "command"; readonly tab: string; readonly id: number; readonly command: Command }
  | { readonly kind: "answer"; readonly tab: string; readonly id: number; readonly error: string | undefined };

/** Waits for a lock and holds it until `held` is over. Rejects when the signal fires while it waits. */
export type RequestLock = (signal: AbortSignal, held: () => Promise<void>) => Promise<void>;

export interface SeatOptions {
  /** Names this tab among those of the person. */
  readonly tab: string;
  readonly requestLock: RequestLock;
  readonly channel: Channel;
  /**
   * Begins to lead, going on from what was shown last. Undefined: one must not, since the person has logged out meanwhile.
   * `onChange` is called when there is another view.
   */
  readonly lead: (earlier: BoardView | undefined, onChange: () => void) => Leader | undefined;
  readonly onView: (view: BoardView, leading: boolean) => void;
  /** The person has logged out, and this tab found it out by itself. */
  readonly onLeft: () => void;
  /** Longest wait for the leading tab's answer. Default 20 s. */
  readonly answerMs?: number;
}

export interface Seat {
  /** Runs a command in the leading tab. Rejects with an Error whose message is for people. */
  readonly run: (command: Command) => Promise<void>;
  /** Gives the seat up. */
  readonly close: () => void;
}

interface Waiting {
  readonly command: Command;
  readonly settle: (error: string | undefined) => void;
}

export function createSeat(options: SeatOptions): Seat {
  const { tab, channel } = options;
  const leaving = new AbortController();
  const others = new Set<string>();
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let leader: Leader | undefined;
  let shown: BoardView | undefined;

  const post = (message: Message): void => {
    // An answer may be ready only after the tab has left.
    if (!leaving.signal.aborted) channel.post(message);
  };

  const show = (): void => {
    if (leader === undefined) return;
    shown = { ...leader.view(), tabs: others.size + 1 };
    post({ kind: "view", view: shown });
    options.onView(shown, true);
  };

  const take = (message: Message): void => {
    switch (message.kind) {
      case "here":
        others.add(message.tab);
        show();
        break;
      case "gone":
        others.delete(message.tab);
        show();
        break;
      case "leads":
        post({ kind: "here", tab });
        for (const [id, { command }] of waiting) post({ kind: "command", tab, id, command });
        break;
      case "view":
        if (leader !== undefined) break;
        shown = message.view;
        options.onView(shown, false);
        break;
      case "command":
        if (leader === undefined) break;
        void outcomeOf(leader.run(message.command)).then((error) =>
          post({ kind: "answer", tab: message.tab, id: message.id, error }),
        );
        break;
      case "answer":
        if (message.tab === tab) waiting.get(message.id)?.settle(message.error);
        break;
    }
  };

  const hold = (): Promise<void> => {
    if (leaving.signal.aborted) return Promise.resolve();
    leader = options.lead(shown, show);
    if (leader === undefined) {
      options.onLeft();
      return Promise.resolve();
    }
    others.clear();
    post({ kind: "leads" });
    for (const { command, settle } of waiting.values()) void outcomeOf(leader.run(command)).then(settle);
    show();
    return new Promise((resolve) => leaving.signal.addEventListener("abort", () => resolve(), { once: true }));
  };

  channel.listen(take);
  post({ kind: "here", tab });
  // Rejected when the seat is given up before the lock was had.
  options.requestLock(leaving.signal, hold).catch(() => {});

  return {
    run: async (command) => {
      if (leader !== undefined) return await leader.run(command);
      const error = await new Promise<string | undefined>((resolve) => {
        lastId += 1;
        const id = lastId;
        const timer = setTimeout(
          () => settle("The tab that holds the connection does not answer"),
          options.answerMs ?? 20_000,
        );
        const settle = (outcome: string | undefined): void => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(outcome);
        };
        waiting.set(id, { command, settle });
        post({ kind: "command", tab, id, command });
      });
      if (error !== undefined) throw new Error(error);
    },
    close: () => {
      if (leaving.signal.aborted) return;
      leader?.close();
      leader = undefined;
      post({ kind: "gone", tab });
      for (const { settle } of [...waiting.values()]) settle("This tab has left");
      channel.close();
      leaving.abort();
    },
  };
}

/** What went wrong, for people; undefined: nothing. */
async function outcomeOf(running: Promise<void>): Promise<string | undefined> {
  try {
    await running;
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
