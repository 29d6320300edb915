// The events of a board, as sentences.
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type {
  ConnectionStateChangedEvent,
  StatusChangedEvent,
  SubscriptionChangedEvent,
  SubscriptionEndedEvent,
} from "@userstatus/client";
import { displayName, durationText, endReason, platformName, presenceNames, toPresence } from "./words.ts";

export interface JournalEntry {
  /** Rising. */
  readonly id: number;
  /** By this machine's clock. */
  readonly atMs: number;
  readonly kind: "status" | "row" | "link" | "clock";
  readonly text: string;
}

/** Most entries that are kept. */
const entriesMax = 200;

export interface Journal {
  readonly entries: () => readonly JournalEntry[];
  readonly add: (kind: JournalEntry["kind"], text: string | undefined) => void;
}

/** @param earlier entries to go on from */
export function createJournal(earlier: readonly JournalEntry[], nowMs: () => number): Journal {
  let entries = earlier;
  let lastId = earlier.at(-1)?.id ?? 0;
  return {
    entries: () => entries,
    add: (kind, text) => {
      if (text === undefined) return;
      lastId += 1;
      entries = [...entries, { id: lastId, atMs: nowMs(), kind, text }].slice(-entriesMax);
    },
  };
}

/** Undefined: nothing that a person would call a change. */
export function statusSentence({ userId, status, previous }: StatusChangedEvent): string | undefined {
  if (status === undefined || previous === undefined) return undefined;
  const name = displayName(userId);
  const told: string[] = [];
  const [now, before] = [toPresence(status.onlineStatus), toPresence(previous.onlineStatus)];
  if (now !== before) told.push(now === "unknown" ? "is of unknown status" : `is ${presenceNames[now].toLowerCase()}`);
  const [platforms, platformsBefore] = [status.onlinePlatforms, previous.onlinePlatforms];
  if (now === "online" && platforms.join() !== platformsBefore.join() && platforms.length > 0)
    told.push(`is on ${platforms.map(platformName).join(", ")}`);
  const [text, textBefore] = [status.customStatus?.text ?? "", previous.customStatus?.text ?? ""];
  if (text !== textBefore) told.push(text === "" ? "has no text any more" : `says “${text}”`);
  return told.length === 0 ? undefined : `${name} ${told.join(" and ")}`;
}

export function rowSentence({ subscription, previous }: SubscriptionChangedEvent): string {
  const verb = previous === undefined ? "Subscribed to" : "Renewed";
  const { expireTime, refreshTime } = subscription;
  const lasts =
    expireTime === undefined || refreshTime === undefined
      ? ""
      : ` for ${durationText(timestampMs(expireTime) - timestampMs(refreshTime))}`;
  return `${verb} ${displayName(subscription.userId)}${lasts}`;
}

export function endSentence({ userId, reason }: SubscriptionEndedEvent): string {
  return `${displayName(userId)} is watched no more: ${endReason(reason).toLowerCase()}`;
}

const linkSentences: Readonly<Record<ConnectionStateChangedEvent["event"], string | undefined>> = {
  LOGIN_CALLED: undefined,
  LOGIN_SUCCEEDED: "Logged in",
  LOGIN_FAILED: "The login failed",
  LOGIN_TIMED_OUT: "The login took too long",
  LOGIN_ABORTED: "The login was given up",
  LINK_LOST: "The link was lost",
  LEASE_EXPIRED: "The lease ran out: the server heard nothing for too long",
  RESYNC: "The server asked for a new snapshot",
  SERVER_DRAINING: "The server is shutting down",
  STREAM_ENDED: "The server ended the stream",
  SESSION_GONE: "The session is over; logging in anew",
  TOKEN_EXPIRED: "The token ran out",
  // What came of it is told with the opening of the stream.
  RECONNECTED: undefined,
  KICKED_OUT: "Another login, or the app, ended this session",
  LOGGED_OUT: "Logged out",
  LOGOUT_FAILED: "Left; the server could not be told",
  USER_DELETED: "This user was deleted",
  REPLACED: "Another window took over this session",
  REFUSED: "The server refused to go on",
  CLOSED: undefined,
};

export function linkSentence({ event }: Pick<ConnectionStateChangedEvent, "event">): string | undefined {
  return linkSentences[event];
}
