// What a tab shows, as plain data: the leading tab makes it, and all tabs of the person show it.
import type { ConnectionEvent, ConnectionState } from "@userstatus/client";
import type { Identity } from "./identity.ts";
import type { JournalEntry } from "./journal.ts";
import type { ClockReading } from "./server-clock.ts";
import type { Presence } from "./words.ts";

export interface LinkView {
  readonly state: ConnectionState;
  /** What led to it. */
  readonly event: ConnectionEvent | undefined;
  /** When the next try comes, by this machine's clock; undefined: none is waited for. */
  readonly retryAtMs: number | undefined;
  /** How the last Watch began: the first one, or where the one before had ended, or with a full snapshot. */
  readonly opening: "first" | "resumed" | "reset" | undefined;
  /** The switch of this page is off. */
  readonly cut: boolean;
}

export interface StatusView {
  readonly presence: Presence;
  readonly platforms: readonly number[];
  readonly text: string;
  /** By the server's clock. Undefined: the text stays. */
  readonly textEndsMs: number | undefined;
}

export interface PersonView extends StatusView {
  readonly userId: string;
  /** The row; undefined: it is gone, see `ended`. */
  readonly row: { readonly endsMs: number | undefined; readonly refreshedMs: number | undefined } | undefined;
  /** Why the row is gone. */
  readonly ended: string | undefined;
}

export interface TtlRange {
  readonly minMs: number;
  readonly maxMs: number;
  /** There is a default, so that none need be given. */
  readonly optional: boolean;
}

/** What the server's profile allows. */
export interface Limits {
  readonly profile: string;
  readonly textBytesMax: number;
  /** Undefined: the profile takes no duration. */
  readonly textTtl: TtlRange | undefined;
  readonly rowTtl: TtlRange | undefined;
  readonly rowsMax: number;
}

export interface BoardView {
  readonly identity: Identity;
  readonly link: LinkView;
  readonly self: (StatusView & { readonly sessions: number }) | undefined;
  /** Ascending by user id. */
  readonly people: readonly PersonView[];
  readonly clock: ClockReading | undefined;
  /** Whether there is a clock that can be moved. */
  readonly clockMoves: boolean;
  readonly limits: Limits | undefined;
  /** Oldest first. */
  readonly journal: readonly JournalEntry[];
  /** The person has logged out, here or elsewhere with this session. */
  readonly left: boolean;
  /** The tabs that share this connection. */
  readonly tabs: number;
}

/** What a person can ask for, in whichever tab. */
export type Command =
  | { readonly kind: "set-text"; readonly text: string; readonly ttlMs: number | undefined }
  | { readonly kind: "subscribe"; readonly userIds: readonly string[]; readonly ttlMs: number | undefined }
  | { readonly kind: "unsubscribe"; readonly userId: string }
  /** Takes an ended row off the board. */
  | { readonly kind: "dismiss"; readonly userId: string }
  | { readonly kind: "cut" }
  | { readonly kind: "restore" }
  | { readonly kind: "advance"; readonly ms: number; readonly holdLeases: boolean }
  | { readonly kind: "connect" }
  | { readonly kind: "log-out" };
