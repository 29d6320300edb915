// client-session: calls carry the token and the newest session, logins name one device, and leaving is a logout only if it was asked for.
import type { ClientBench, ClientCheck } from "../check.ts";
import { asking, secondSession } from "./lib.ts";

const heartbeatMs = 400;
/** Four beats of one that goes on. */
const quietMs = heartbeatMs * 4.5;

/** Sees to it that nothing is called by a client that has left. */
async function staysGone(t: ClientBench, when: string): Promise<void> {
  const mark = t.server.arrivals.mark();
  await t.quiet(`${when} a client must call nothing of that session, and not come back by itself`, quietMs, () => {
    const calls = t.server.arrivals.after(mark, "heartbeat", "watch", "login", "logout");
    const heartbeats = calls.filter(({ method }) => method === "heartbeat");
    // One may have been on its way.
    if (heartbeats.length <= 1 && calls.length === heartbeats.length) return undefined;
    return `calls of ${calls.map(({ method }) => method).join(", ")}`;
  });
}

export const sessionChecks: readonly ClientCheck[] = [
  {
    id: "client-session/token",
    title: "Login, Watch, Heartbeat, Subscribe and Logout carry the token",
    run: async (t) => {
      const watch = await t.connect();
      const mark = t.server.arrivals.mark();
      watch.send(asking);
      const what = "a client must answer heartbeat_requested";
      await t.server.arrivals.next(what, mark, t.patienceMs, "heartbeat");
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["alice"] }));
      await t.must("logout must succeed", t.client.ask({ op: "logout" }));
      const without = t.server.arrivals.all
        .filter(({ method, token }) => method !== "getServerInfo" && token !== t.token)
        .map(({ method }) => method);
      t.equal([...new Set(without)], [], "the calls with another token than the client was opened with, or with none");
    },
  },
  {
    id: "client-session/newest",
    title: "after a new login Subscribe and Logout carry the new session's id",
    run: async (t) => {
      const watch = await t.connect();
      // A client may keep the id that it used first.
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["alice"] }));
      await secondSession(t, watch);
      const mark = t.server.arrivals.mark();
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["bob"] }));
      await t.must("logout must succeed", t.client.ask({ op: "logout" }));
      for (const method of ["subscribe", "logout"] as const) {
        const ids = t.server.arrivals.after(mark, method).map(({ request }) => request.sessionId);
        t.equal([...new Set(ids)], ["session-2"], `the session ids in its calls of ${method} after a new login`);
      }
    },
  },
  {
    id: "client-session/same-device",
    title: "a login that follows the end of a session names the device of the first",
    run: async (t) => {
      await secondSession(t, await t.connect());
      const devices = t.server.arrivals.after(0, "login").map(({ request }) => request.deviceId);
      t.equal([...new Set(devices)], devices.slice(0, 1), "the devices that its logins name");
    },
  },
  {
    id: "client-session/logout",
    title: "Logout is called when the user logs out, and nothing of the session after it, heartbeats neither",
    server: { heartbeatMs },
    longMs: () => quietMs,
    run: async (t) => {
      await t.connect();
      const mark = t.server.arrivals.mark();
      await t.must("logout must succeed", t.client.ask({ op: "logout" }));
      const ids = t.server.arrivals.after(mark, "logout").map(({ request }) => request.sessionId);
      t.equal([...new Set(ids)], ["session-1"], "the sessions that it called Logout for, when logout was done");
      await staysGone(t, "after a logout");
    },
  },
  {
    id: "client-session/close",
    title: "a client that is only closed calls no Logout, and then nothing of the session",
    server: { heartbeatMs },
    longMs: () => quietMs,
    run: async (t) => {
      await t.connect();
      const mark = t.server.arrivals.mark();
      await t.must("close must succeed", t.client.ask({ op: "close" }));
      await staysGone(t, "after close");
      t.equal(t.server.arrivals.after(mark, "logout").length, 0, "calls of Logout by a client that was only closed");
    },
  },
];
