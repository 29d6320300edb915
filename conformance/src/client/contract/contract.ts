// The process contract, version 1: what the suite and the client under test say to each other, one JSON object on each line.
// docs/client-contract.md is its page, client-contract.schema.json its schema.

/** Version of the contract; a client that speaks another is refused. */
export const contractVersion = 1;

/** Wire protocols that a client may speak. */
export const protocols = ["connect", "grpc", "grpc-web"] as const;

export type Protocol = (typeof protocols)[number];

/** Commands that a client may lack; the checks that need one are then NOT_APPLICABLE. */
export const optionalOps = ["unsubscribe", "query", "setText"] as const;

export type OptionalOp = (typeof optionalOps)[number];

/** Waits between tries to come back, in milliseconds. */
export interface Backoff {
  /** Bound of the first wait. */
  readonly baseMs: number;
  /** The bound doubles up to this. */
  readonly maxMs: number;
  /** A stream that was up for this long makes the next wait a first one again. */
  readonly stableMs: number;
}

export interface Hello {
  readonly contract: typeof contractVersion;
  readonly client: string;
  readonly version?: string;
  readonly protocols: readonly Protocol[];
  readonly ops: readonly string[];
  /** Set where the client does not take the waits of `open`. */
  readonly backoff?: Backoff;
}

/** How to reach the server of a check, and as whom. */
export interface OpenCommand {
  readonly url: string;
  readonly protocol: Protocol;
  readonly token: string;
  readonly user: string;
  readonly device: string;
  readonly backoff: Backoff;
}

/** A command without its number. */
export type Command =
  | { readonly op: "hello"; readonly contract: number }
  | ({ readonly op: "open" } & OpenCommand)
  | { readonly op: "subscribe" | "unsubscribe" | "query"; readonly users: readonly string[] }
  | { readonly op: "setText"; readonly text: string }
  | { readonly op: "login" | "state" | "logout" | "close" };

export type ConnectionName = "DISCONNECTED" | "CONNECTING" | "CONNECTED" | "RECONNECTING";

/** A status as the client believes it to be. */
export interface HeldStatus {
  readonly revision: number;
  readonly online?: string;
  readonly text?: string;
}

/** What the client believes. */
export interface ClientState {
  readonly connection?: ConnectionName;
  readonly self?: HeldStatus;
  readonly statuses: Readonly<Record<string, HeldStatus>>;
  readonly subscriptions: Readonly<Record<string, { readonly generation: number }>>;
}

export interface ErrorAnswer {
  readonly code: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A line from the client. */
export type Line =
  | { readonly id: number; readonly ok: Readonly<Record<string, unknown>> }
  | { readonly id: number; readonly error: ErrorAnswer }
  | { readonly event: string; readonly state?: ConnectionName; readonly cause?: string };
