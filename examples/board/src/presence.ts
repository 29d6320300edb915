// The leading tab's part: one client, its connection kept up, and everything that it tells as one view.
import { createConnectTransport } from "@connectrpc/connect-web";
import {
  type ConnectionState,
  createUserStatusClient,
  type UserStatusClient,
  UserStatusError,
} from "@userstatus/client";
import { SubscriptionEndReason } from "@userstatus/protocol";
import { appId, type Identity } from "./identity.ts";
import { createJournal, endSentence, linkSentence, rowSentence, statusSentence } from "./journal.ts";
import { createLinkSwitch } from "./link-switch.ts";
import { toLimits, toPeople, toSelfView } from "./people.ts";
import { type ClockReading, fits } from "./server-clock.ts";
import { createTestClock } from "./test-clock.ts";
import type { BoardView, Command, LinkView } from "./view.ts";
import { displayName, durationText, endReason, refusalText } from "./words.ts";

export interface Presence {
  readonly view: () => BoardView;
  /** Rejects with an Error whose message is for people. */
  readonly run: (command: Command) => Promise<void>;
  /** Leaves without a logout: the link is lost, unless another tab takes it up. */
  readonly close: () => void;
}

export interface PresenceOptions {
  readonly identity: Identity;
  readonly deviceId: string;
  /** Where the calls go. */
  readonly baseUrl: string;
  /** What the tab that led before had shown last: shown on, until this one knows better. */
  readonly earlier: BoardView | undefined;
  /** Told, once for all that changes in one go, that there is another view. */
  readonly onChange: () => void;
}

/** A person looks at the board: he should not wait for half a minute. */
const backoff = { baseMs: 500, maxMs: 5_000 };

export function createPresence(options: PresenceOptions): Presence {
  const { identity, deviceId, baseUrl, earlier } = options;
  const link = createLinkSwitch((input, init) => fetch(input, init));
  const client = createUserStatusClient({
    transport: createConnectTransport({ baseUrl, fetch: link.fetch }),
    token: `dev:${appId}:${identity.userId}`,
    deviceId,
    platform: identity.platform,
    backoff,
  });
  const testClock = createTestClock(createConnectTransport({ baseUrl }));
  const journal = createJournal(earlier?.journal ?? [], Date.now);
  const ended = new Map<string, string>();
  let clock: ClockReading | undefined = earlier?.clock;
  let clockMoves = earlier?.clockMoves ?? false;
  let opening: LinkView["opening"];
  let retryAtMs: number | undefined;
  /** The first snapshot is complete: from here on changes are news. */
  let complete = false;
  let left = false;
  let closed = false;
  let telling = false;

  const change = (): void => {
    if (telling || closed) return;
    telling = true;
    // Not by a timer or an animation frame: hidden pages hardly have any.
    queueMicrotask(() => {
      telling = false;
      options.onChange();
    });
  };
  const readClock = async (): Promise<void> => {
    const read = await testClock.read();
    clockMoves = read !== undefined;
    if (read !== undefined) clock = { ...read, atMs: Date.now() };
    change();
  };
  const connection = createConnection(client, {
    onWait: (atMs) => {
      retryAtMs = atMs;
      change();
    },
    onConnected: () => {
      complete = true;
      change();
    },
  });

  client.on("statusChanged", (event) => {
    if (complete) journal.add("status", statusSentence(event));
    change();
  });
  client.on("selfChanged", change);
  client.on("subscriptionChanged", (event) => {
    ended.delete(event.subscription.userId);
    if (complete) journal.add("row", rowSentence(event));
    change();
  });
  client.on("subscriptionEnded", (event) => {
    if (event.generation !== 0n && event.reason !== SubscriptionEndReason.UNSUBSCRIBED)
      ended.set(event.userId, endReason(event.reason));
    if (complete) journal.add("row", endSentence(event));
    change();
  });
  client.on("connectionStateChanged", (event) => {
    retryAtMs = undefined;
    if (event.event === "LOGGED_OUT") left = true;
    journal.add("link", linkSentence(event));
    change();
  });
  client.on("retryScheduled", ({ delayMs }) => {
    retryAtMs = Date.now() + delayMs;
    change();
  });
  client.on("watchOpened", ({ resumed }) => {
    opening = resumed ? "resumed" : complete ? "reset" : "first";
    if (opening === "resumed") journal.add("link", "Resumed: nothing was missed");
    else if (opening === "reset") journal.add("link", "Back, with a full snapshot");
    change();
  });
  client.on("serverTime", ({ serverTimeMs }) => {
    if (clock === undefined || !fits(clock, serverTimeMs, Date.now())) {
      clock = { serverMs: serverTimeMs, atMs: Date.now(), stopped: clock?.stopped ?? false };
      void readClock();
    }
    change();
  });

  const view = (): BoardView => ({
    identity,
    link: { state: connection.state(), event: connection.event(), retryAtMs, opening, cut: link.isCut() },
    self: toSelfView(client.self) ?? earlier?.self,
    people:
      complete || earlier === undefined
        ? toPeople({ statuses: client.statuses, rows: client.subscriptions, ended })
        : earlier.people,
    clock,
    clockMoves,
    limits: toLimits(client.serverInfo?.profile) ?? earlier?.limits,
    journal: journal.entries(),
    left,
    tabs: 1,
  });

  if (earlier !== undefined) journal.add("link", "Another tab took over the connection");
  connection.start();

  return {
    view,
    run: async (command) => {
      try {
        await perform(command);
      } catch (thrown) {
        throw thrown instanceof UserStatusError ? new Error(refusalText(thrown.reason), { cause: thrown }) : thrown;
      } finally {
        change();
      }
    },
    close: () => {
      closed = true;
      connection.stop();
      void client.close();
    },
  };

  async function perform(command: Command): Promise<void> {
    switch (command.kind) {
      case "set-text":
        await client.setCustomStatus(command.text, { ttlMs: command.ttlMs });
        break;
      case "subscribe": {
        const outcomes = await client.subscribe(command.userIds, { ttlMs: command.ttlMs });
        const failed = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome]));
        if (failed.length > 0)
          throw new Error(
            failed.map(({ userId, error }) => `${displayName(userId)} ${refusalText(error.reason)}`).join("; "),
          );
        break;
      }
      case "unsubscribe":
        await client.unsubscribe([command.userId]);
        break;
      case "dismiss":
        ended.delete(command.userId);
        break;
      case "cut":
        journal.add("link", "The link is cut at this page");
        link.cut();
        break;
      case "restore":
        journal.add("link", "The link is whole again at this page");
        link.restore();
        break;
      case "advance": {
        const { serverMs } = await testClock.advance(command.ms, command.holdLeases);
        clock = { serverMs, atMs: Date.now(), stopped: true };
        journal.add("clock", `The clock was moved by ${durationText(command.ms)}`);
        break;
      }
      case "connect":
        connection.start();
        break;
      case "log-out":
        connection.stop();
        // Whatever comes of it, the client is disconnected then.
        await client.disconnect().finally(() => {
          left = true;
        });
        break;
    }
  }
}

interface Connection {
  readonly state: () => ConnectionState;
  readonly event: () => LinkView["event"];
  /** Connects, and tries again while nobody answers. Does nothing while it is at it. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** The client makes one try to log in; a board goes on trying, for it may take over while the network is down. */
function createConnection(
  client: UserStatusClient,
  told: { readonly onWait: (atMs: number | undefined) => void; readonly onConnected: () => void },
): Connection {
  let trying = false;
  let cancelWait = (): void => {};
  let event: LinkView["event"];
  client.on("connectionStateChanged", (change) => {
    event = change.event;
  });

  async function keepTrying(): Promise<void> {
    for (let failures = 0; trying; failures += 1) {
      try {
        await client.connect();
        told.onConnected();
        return;
      } catch (thrown) {
        const { reason } = thrown as UserStatusError;
        if (!trying || (reason !== "UNREACHABLE" && reason !== "TIMED_OUT")) return;
      }
      const waitMs = Math.random() * Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(failures, 10));
      told.onWait(Date.now() + waitMs);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        cancelWait = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      told.onWait(undefined);
    }
  }

  return {
    state: () => (trying && client.connectionState === "DISCONNECTED" ? "RECONNECTING" : client.connectionState),
    event: () => event,
    start: () => {
      if (trying || client.connectionState !== "DISCONNECTED") return;
      trying = true;
      void keepTrying().finally(() => {
        trying = false;
        told.onWait(undefined);
      });
    },
    stop: () => {
      trying = false;
      cancelWait();
    },
  };
}
