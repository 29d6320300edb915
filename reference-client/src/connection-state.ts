// The connection state as a pure table of transitions (SPEC §19: client-state; zim "Monitoring the online status of the current
// user on the current device").

/** What the link of this client is doing. */
export type ConnectionState = "DISCONNECTED" | "CONNECTING" | "CONNECTED" | "RECONNECTING";

/**
 * What made the state change.
 *
 * - LOGIN_CALLED: `connect` was called.
 * - LOGIN_SUCCEEDED: the session is live and its Watch is open.
 * - LOGIN_FAILED: the login was refused, or the server could not be reached; nothing is tried again.
 * - LOGIN_TIMED_OUT: no answer within `loginTimeoutMs`.
 * - LOGIN_ABORTED: the signal given to `connect` fired, or `disconnect` or `close` was called meanwhile.
 * - LINK_LOST: the stream broke, closed without `watch_end`, or was silent for too long.
 * - LEASE_EXPIRED, RESYNC, SERVER_DRAINING, STREAM_ENDED: the server ended the stream (STREAM_ENDED: for another reason).
 * - SESSION_GONE: the server does not know the session any more; a new login follows.
 * - TOKEN_EXPIRED: from CONNECTED, the token ran out and a newer one is asked for; from RECONNECTING, there is none.
 * - RECONNECTED: the Watch is open again.
 * - KICKED_OUT: a newer login, or the app's backend, ended the session.
 * - LOGGED_OUT: `disconnect` was called here, or Logout elsewhere with this session.
 * - LOGOUT_FAILED: `disconnect` was called and the server could not be told; the session ends with its lease.
 * - USER_DELETED: the user is gone.
 * - REPLACED: another Watch of this session took the place of ours (the same device id in two places).
 * - REFUSED: the server refuses in a way that trying again does not help.
 * - CLOSED: `close` was called: the client left without a logout.
 */
export type ConnectionEvent =
  | "LOGIN_CALLED"
  | "LOGIN_SUCCEEDED"
  | "LOGIN_FAILED"
  | "LOGIN_TIMED_OUT"
  | "LOGIN_ABORTED"
  | "LINK_LOST"
  | "LEASE_EXPIRED"
  | "RESYNC"
  | "SERVER_DRAINING"
  | "STREAM_ENDED"
  | "SESSION_GONE"
  | "TOKEN_EXPIRED"
  | "RECONNECTED"
  | "KICKED_OUT"
  | "LOGGED_OUT"
  | "LOGOUT_FAILED"
  | "USER_DELETED"
  | "REPLACED"
  | "REFUSED"
  | "CLOSED";

/** Why a link is down that the client brings back by itself. */
export type LossEvent =
  | "LINK_LOST"
  | "LEASE_EXPIRED"
  | "RESYNC"
  | "SERVER_DRAINING"
  | "STREAM_ENDED"
  | "SESSION_GONE"
  | "TOKEN_EXPIRED";

/** Why the client does not come back by itself. */
export type StopEvent = "KICKED_OUT" | "LOGGED_OUT" | "TOKEN_EXPIRED" | "USER_DELETED" | "REPLACED" | "REFUSED";

/**
 * What the state says of one's own status on this device. CONNECTED: `online`. DISCONNECTED: `offline`, or `logged-out` after
 * a logout, a kick or the deletion of the user. CONNECTING and RECONNECTING: `undecided`, the app decides; others may see one
 * online still, for as long as the lease runs.
 */
export type OwnStatus = "online" | "offline" | "logged-out" | "undecided";

type Transitions = Readonly<Partial<Record<ConnectionEvent, ConnectionState>>>;

const stops: Transitions = {
  KICKED_OUT: "DISCONNECTED",
  LOGGED_OUT: "DISCONNECTED",
  LOGOUT_FAILED: "DISCONNECTED",
  USER_DELETED: "DISCONNECTED",
  REPLACED: "DISCONNECTED",
  REFUSED: "DISCONNECTED",
  CLOSED: "DISCONNECTED",
};

const table: Readonly<Record<ConnectionState, Transitions>> = {
  DISCONNECTED: { LOGIN_CALLED: "CONNECTING" },
  CONNECTING: {
    LOGIN_SUCCEEDED: "CONNECTED",
    LOGIN_FAILED: "DISCONNECTED",
    LOGIN_TIMED_OUT: "DISCONNECTED",
    LOGIN_ABORTED: "DISCONNECTED",
  },
  CONNECTED: {
    ...stops,
    LINK_LOST: "RECONNECTING",
    LEASE_EXPIRED: "RECONNECTING",
    RESYNC: "RECONNECTING",
    SERVER_DRAINING: "RECONNECTING",
    STREAM_ENDED: "RECONNECTING",
    SESSION_GONE: "RECONNECTING",
    TOKEN_EXPIRED: "RECONNECTING",
  },
  RECONNECTING: { ...stops, RECONNECTED: "CONNECTED", TOKEN_EXPIRED: "DISCONNECTED" },
};

/** The state that follows; undefined where the event changes nothing (a second loss while RECONNECTING, say). */
export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState | undefined {
  return table[state][event];
}

/** What a state, entered by an event, says of one's own status. Without an event (never connected) DISCONNECTED is `offline`. */
export function ownStatusOf(state: ConnectionState, event: ConnectionEvent | undefined): OwnStatus {
  if (state === "CONNECTED") return "online";
  if (state !== "DISCONNECTED") return "undecided";
  return event === "LOGGED_OUT" || event === "KICKED_OUT" || event === "USER_DELETED" ? "logged-out" : "offline";
}
