import { describe, expect, it } from "vitest";
import { type ConnectionEvent, type ConnectionState, nextState, ownStatusOf } from "./connection-state.ts";

describe("client-state", () => {
  it.each<[ConnectionState, ConnectionEvent, ConnectionState | undefined]>([
    ["DISCONNECTED", "LOGIN_CALLED", "CONNECTING"],
    ["CONNECTING", "LOGIN_SUCCEEDED", "CONNECTED"],
    ["CONNECTING", "LOGIN_FAILED", "DISCONNECTED"],
    ["CONNECTING", "LOGIN_TIMED_OUT", "DISCONNECTED"],
    ["CONNECTED", "LINK_LOST", "RECONNECTING"],
    ["CONNECTED", "SERVER_DRAINING", "RECONNECTING"],
    ["RECONNECTING", "RECONNECTED", "CONNECTED"],
    ["CONNECTED", "KICKED_OUT", "DISCONNECTED"],
    ["RECONNECTING", "KICKED_OUT", "DISCONNECTED"],
    ["CONNECTED", "TOKEN_EXPIRED", "RECONNECTING"],
    ["RECONNECTING", "TOKEN_EXPIRED", "DISCONNECTED"],
    ["CONNECTED", "LOGGED_OUT", "DISCONNECTED"],
    ["CONNECTED", "USER_DELETED", "DISCONNECTED"],
    ["RECONNECTING", "LINK_LOST", undefined],
    ["DISCONNECTED", "LINK_LOST", undefined],
    ["CONNECTED", "LOGIN_CALLED", undefined],
  ])("%s on %s becomes %s", (state, event, expected) => {
    expect(nextState(state, event)).toBe(expected);
  });

  it("says online when CONNECTED, offline or logged out when DISCONNECTED, and leaves the rest to the app", () => {
    expect(ownStatusOf("CONNECTED", "RECONNECTED")).toBe("online");
    expect(ownStatusOf("DISCONNECTED", undefined)).toBe("offline");
    expect(ownStatusOf("DISCONNECTED", "LOGIN_FAILED")).toBe("offline");
    expect(ownStatusOf("DISCONNECTED", "LOGGED_OUT")).toBe("logged-out");
    expect(ownStatusOf("DISCONNECTED", "KICKED_OUT")).toBe("logged-out");
    expect(ownStatusOf("CONNECTING", "LOGIN_CALLED")).toBe("undecided");
    expect(ownStatusOf("RECONNECTING", "LINK_LOST")).toBe("undecided");
  });
});
