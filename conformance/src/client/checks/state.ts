// client-state: the client tells its user how the connection is, and what made it change.
import { WatchEndReason } from "@userstatus/protocol";
import type { ClientBench, ClientCheck } from "../check.ts";
import type { ConnectionName } from "../contract/contract.ts";
import { refusal } from "../server/replies.ts";

/** Waits until the states that it told end like this, and judges their causes. */
async function tells(t: ClientBench, from: number, states: readonly ConnectionName[], when: string): Promise<void> {
  const { connectionEvents } = t.client;
  // A client may say the same again, at each try, say.
  const told = (): string[] =>
    connectionEvents
      .slice(from)
      .map(({ state }) => state)
      .filter((state, at, all) => state !== all[at - 1]);
  await t.believes(
    `the connection states that it tells ${when}`,
    states.join(", "),
    () => told().length >= states.length,
  );
  t.equal(told(), [...states], `the connection states that it tells ${when}`);
  for (const { state, cause } of connectionEvents.slice(from))
    t.ok((cause ?? "") !== "", `the event that led to ${state}`, "a name of it", "none");
}

/** The stream ends for good. */
function endsFor(id: string, name: keyof typeof WatchEndReason, title: string): ClientCheck {
  return {
    id: `client-state/${id}`,
    title,
    run: async (t) => {
      const watch = await t.connect();
      await tells(t, 0, ["CONNECTING", "CONNECTED"], "at a login");
      const told = t.client.connectionEvents.length;
      watch.end({ reason: WatchEndReason[name] });
      await tells(t, told, ["DISCONNECTED"], `after ${name} without may_resume`);
    },
  };
}

export const stateChecks: readonly ClientCheck[] = [
  {
    id: "client-state/login",
    title: "tells CONNECTING and CONNECTED at a login, and DISCONNECTED at a logout, each with its cause",
    run: async (t) => {
      await t.connect();
      await tells(t, 0, ["CONNECTING", "CONNECTED"], "at a login");
      t.equal((await t.client.state()).connection, "CONNECTED", "the connection state after a login");
      const told = t.client.connectionEvents.length;
      await t.must("logout must succeed", t.client.ask({ op: "logout" }));
      await tells(t, told, ["DISCONNECTED"], "at a logout");
      t.equal((await t.client.state()).connection, "DISCONNECTED", "the connection state after a logout");
    },
  },
  {
    id: "client-state/lost-and-back",
    title: "tells RECONNECTING when its stream breaks, and CONNECTED when the next one is open",
    run: async (t) => {
      await t.connect();
      await tells(t, 0, ["CONNECTING", "CONNECTED"], "at a login");
      const told = t.client.connectionEvents.length;
      t.server.link.cut();
      await t.nextOpenWatch("after a connection that broke a client must come back");
      await tells(t, told, ["RECONNECTING", "CONNECTED"], "when its connection broke");
    },
  },
  endsFor("kicked", "KICKED", "tells DISCONNECTED after a kick"),
  {
    id: "client-state/failed-login",
    title: "tells CONNECTING and DISCONNECTED where its login is refused for good",
    run: async (t) => {
      t.server.script({
        login: () => {
          throw refusal("WRONG_ROLE");
        },
      });
      await t.client.ask({ op: "login" });
      await tells(t, 0, ["CONNECTING", "DISCONNECTED"], "at a login that is refused with WRONG_ROLE");
      const { connection } = await t.client.state();
      t.equal(connection, "DISCONNECTED", "the connection state after a login that failed");
    },
  },
  {
    id: "client-state/lease-expired",
    title:
      "tells RECONNECTING when the server ends its stream because the lease is over, and CONNECTED when the next is open",
    run: async (t) => {
      const watch = await t.connect();
      await tells(t, 0, ["CONNECTING", "CONNECTED"], "at a login");
      const told = t.client.connectionEvents.length;
      watch.end({ reason: WatchEndReason.LEASE_EXPIRED, mayResume: true });
      await t.nextOpenWatch("after LEASE_EXPIRED with may_resume a client must come back");
      await tells(t, told, ["RECONNECTING", "CONNECTED"], "when its lease was over");
    },
  },
  {
    id: "client-state/unreachable",
    title: "does not tell CONNECTED while it tries to come back to a server that can't be reached",
    run: async (t) => {
      await t.connect();
      await tells(t, 0, ["CONNECTING", "CONNECTED"], "at a login");
      const told = t.client.connectionEvents.length;
      const before = t.server.link.connections();
      t.server.link.cutOff();
      t.note("every connection is broken, and new ones are refused");
      const tried = (): boolean => t.server.link.connections() >= before + 3;
      await t.believes(
        "a client must try to come back",
        "three connections",
        tried,
        t.backoff.maxMs * 4 + t.patienceMs,
      );
      await tells(t, told, ["RECONNECTING"], "while no server can be reached");
      t.server.link.mend();
      await t.nextOpenWatch(
        "a client must come back once the server is there again",
        {},
        t.backoff.maxMs + t.patienceMs * 2,
      );
      await tells(t, told, ["RECONNECTING", "CONNECTED"], "when the server is there again");
    },
  },
  endsFor("user-deleted", "USER_DELETED", "tells DISCONNECTED when its user is deleted"),
  endsFor("logged-out", "LOGGED_OUT", "tells DISCONNECTED when its session was logged out elsewhere"),
];
