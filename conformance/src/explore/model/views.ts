// What others see of a user, what he sees of himself, and which revisions may tell it (SPEC §7, §13).
import { OnlineStatus, SelfView } from "@userstatus/protocol";
import type { AppState, SessionState, UserState } from "./state.ts";

/** What a status shows. Times undefined: unset, or not judged; see `timesShown`. */
export interface Content {
  readonly online: OnlineStatus;
  readonly platforms: readonly number[];
  readonly text: string | undefined;
  readonly textEndMs: number | undefined;
  readonly onlineMs: number | undefined;
  readonly textMs: number | undefined;
  /** Of oneself only. */
  readonly sessions?: readonly Pick<SessionState, "id" | "device" | "platform" | "loginMs">[];
}

/** One view of one user: what it shows now, and the revisions that were seen. */
export interface ViewBook {
  version: number;
  content: Content | undefined;
  /** Requirement of the newest change. */
  why: string;
  /** Seen of this version; of several the highest. */
  revision: bigint | undefined;
  /** Highest that was seen of older versions. */
  older: bigint;
  /** Each version since the walk began; null: transitions of one instant, which may come in any order. */
  readonly history: (Content | null)[];
}

export function createBook(): ViewBook {
  return { version: 0, content: undefined, why: "online-never", revision: undefined, older: -1n, history: [] };
}

export function othersContent({ rules }: AppState, user: UserState): Content {
  const shown = rules.platformsShown && user.online === OnlineStatus.ONLINE;
  return {
    online: user.online,
    platforms: shown ? platformsOf(user) : [],
    text: user.text?.text,
    textEndMs: user.text?.endMs,
    onlineMs: rules.timesShown ? user.onlineMs : undefined,
    textMs: rules.timesShown ? user.textMs : undefined,
  };
}

export function selfContent({ rules }: AppState, user: UserState): Content {
  const isFull = rules.selfView !== SelfView.PLATFORMS;
  const times = isFull && rules.timesShown;
  return {
    online: isFull ? user.online : OnlineStatus.UNSPECIFIED,
    platforms: platformsOf(user),
    text: user.text?.text,
    textEndMs: user.text?.endMs,
    onlineMs: times ? user.onlineMs : undefined,
    textMs: times ? user.textMs : undefined,
    sessions: user.sessions
      .filter(({ state }) => state !== "lost")
      .toSorted((a, b) => a.order - b.order)
      .map(({ id, device, platform, loginMs }) => ({ id, device, platform, loginMs })),
  };
}

function platformsOf(user: UserState): number[] {
  const live = user.sessions.filter(({ state }) => state !== "lost").map(({ platform }) => platform);
  return [...new Set(live)].toSorted((a, b) => a - b);
}

/** Takes over what the views show now. `again`: a new revision though it shows the same. */
export function refreshViews(app: AppState, user: UserState, why: string, again: boolean = false): void {
  put(user.others, othersContent(app, user), why, again);
  put(user.self, selfContent(app, user), why, again);
}

function put(book: ViewBook, content: Content, why: string, again: boolean): void {
  if (!again && book.content !== undefined && JSON.stringify(book.content) === JSON.stringify(content)) return;
  if (book.revision !== undefined && book.revision > book.older) book.older = book.revision;
  book.revision = undefined;
  book.version++;
  book.content = content;
  book.why = why;
  book.history.push(content);
}

/** Several transitions fell on one instant: what was shown between them is free. */
export function anyOrder(user: UserState): void {
  user.others.history.push(null);
  user.self.history.push(null);
}
