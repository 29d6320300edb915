// Commands that stay: a connected client whose news are printed until somebody ends it.

import { createUserStatusClient } from "../client.ts";
import type { UserStatusClient } from "../client-types.ts";
import type { ConnectionEvent } from "../connection-state.ts";
import type { LoginCustomStatus } from "../session.ts";
import type { Context } from "./context.ts";
import { formatDuration } from "./duration.ts";
import { describeFailure, exitCodes } from "./failure.ts";
import { endReasonName, type Json, selfJson, statusCells, statusJson } from "./output/status.ts";
import { pad, printable } from "./output/text.ts";

export interface LiveOptions {
  readonly deviceId: string;
  readonly customStatus?: LoginCustomStatus | undefined;
  /** `self`: one's own status; `targets`: that of others, and the ends of rows. JSON has both for targets. */
  readonly news: "self" | "targets";
  /** Runs once connected. A number ends the command. */
  readonly ready: (client: UserStatusClient) => Promise<number | undefined>;
  /** Runs when the session is over, by a logout or by the server. */
  readonly ended?: (() => Promise<void>) | undefined;
}

/** Connects, prints, and logs out when the user leaves. Answers the exit code. */
export async function runLive(context: Context, options: LiveOptions): Promise<number> {
  const { transport, renew, close } = context.connect();
  const { interrupted } = context.io;
  const { deviceId, customStatus } = options;
  try {
    const client = createUserStatusClient({
      transport,
      token: context.token(),
      deviceId,
      platform: context.platform,
      onSilence: renew,
    });
    const stopped = untilStopped(client, interrupted);
    const news = printNews(context, client, options.news);
    await client.connect({ signal: interrupted, ...(customStatus === undefined ? {} : { customStatus }) });
    try {
      const exitCode = await options.ready(client);
      news.begin();
      if (exitCode !== undefined) return exitCode;
      const event = await stopped;
      // The session goes on with another Watch: it is not ours to forget.
      if (event === "REPLACED") return stoppedBy(context, event);
      await options.ended?.();
      return event === undefined ? exitCodes.ok : stoppedBy(context, event);
    } finally {
      await client.disconnect();
    }
  } finally {
    close();
  }
}

/** Resolves with the event by which the server ended it; with undefined when the user leaves. */
function untilStopped(client: UserStatusClient, interrupted: AbortSignal): Promise<ConnectionEvent | undefined> {
  return new Promise((resolve) => {
    interrupted.addEventListener("abort", () => resolve(undefined), { once: true });
    client.on("connectionStateChanged", ({ state, event }) => {
      if (state === "DISCONNECTED") resolve(event);
    });
  });
}

function stoppedBy(context: Context, event: ConnectionEvent): number {
  context.io.err(`userstatus: ${event}: ${reasons[event] ?? "the server ended the connection"}`);
  return exitCodes.refused;
}

const reasons: Readonly<Partial<Record<ConnectionEvent, string>>> = {
  KICKED_OUT: "a newer login, or the app's backend, ended the session",
  REPLACED: "another Watch of this session took over (the same user and device runs elsewhere)",
  TOKEN_EXPIRED: "the token ran out",
  USER_DELETED: "the user was deleted",
  LOGGED_OUT: "the session was logged out",
  LINK_LOST: "the link was lost; coming back",
  SERVER_DRAINING: "the server is shutting down; coming back",
};

/** Prints a line for people, or an object for programs. */
type Say = (words: string, json: { readonly [key: string]: Json }) => void;

/** For people, statuses are printed from `begin` on: what stood before is in the table that `ready` prints. */
function printNews(
  context: Context,
  client: UserStatusClient,
  about: "self" | "targets",
): { readonly begin: () => void } {
  const { io, json } = context;
  const clockTime = (): string => new Date(io.now()).toISOString();
  let begun = json;
  const say: Say = (words, object) => {
    if (json) context.printJson({ time: clockTime(), ...object });
    else io.out(`${clockTime().slice(11, 19)}Z  ${words}`);
  };
  client.on("connectionStateChanged", ({ state, event, previous, ownStatus }) => {
    const reason = reasons[event];
    const words = `${pad(state, 12)}  ${event}${reason === undefined ? "" : `: ${reason}`}`;
    say(words, { event: "connectionStateChanged", state, cause: event, previous, ownStatus });
  });
  client.on("error", (error) => context.note(`userstatus: ${describeFailure(error, context.url).message}`));
  client.on("tokenExpiring", ({ remainingMs, renewing }) => {
    const words = `token runs out in ${formatDuration(remainingMs)}${renewing ? "; renewing" : ""}`;
    say(words, { event: "tokenExpiring", remainingMs, renewing });
  });
  if (about === "self" || json) printSelf(client, say, io.now);
  if (about === "targets") printTargets(client, (words, object) => begun && say(words, object), io.now);
  return {
    begin: () => {
      begun = true;
    },
  };
}

function printSelf(client: UserStatusClient, say: Say, now: () => number): void {
  client.on("selfChanged", ({ self }) => {
    const [userId = "", status = "", platforms = "", text = ""] = statusCells(
      self.status?.userId ?? "",
      self.status,
      now(),
    );
    const sessions = self.sessions.length === 1 ? "1 session" : `${self.sessions.length} sessions`;
    say([printable(userId), status, platforms, printable(text), sessions].join("  "), {
      event: "selfChanged",
      self: selfJson(self),
    });
  });
}

function printTargets(client: UserStatusClient, say: Say, now: () => number): void {
  client.on("statusChanged", ({ userId, status }) => {
    const json = { event: "statusChanged", userId, status: statusJson(status) };
    const who = pad(printable(userId), userWidth);
    if (status === undefined) {
      say(`${who}  not seen any more`, json);
      return;
    }
    const [, word = "", platforms = "", text = ""] = statusCells(userId, status, now());
    say([who, pad(word, 10), pad(platforms, 12), printable(text)].join("  "), json);
  });
  client.on("subscriptionEnded", ({ userId, generation, reason, stillVisible }) => {
    const name = endReasonName(reason);
    const json = { event: "subscriptionEnded", userId, generation: String(generation), reason: name, stillVisible };
    say(`${pad(printable(userId), userWidth)}  subscription ended: ${name}`, json);
  });
}

/** Most user ids are shorter; a longer one shifts its line. */
const userWidth = 16;
