// client-state: the client tells its user how the connection is, and what made it change.
import { WatchEndReason } from "@userstatus/protocol";
import type { ClientBench, ClientCheck } from "../check.ts";
import type { ConnectionName } from "../contract/contract.ts";

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
  {
    id: "client-state/kicked",
    title: "tells DISCONNECTED after a kick",
    run: async (t) => {
      const watch = await t.connect();
      await tells(t, 0, ["CONNECTING", "CONNECTED"], "at a login");
      const told = t.client.connectionEvents.length;
      watch.end({ reason: WatchEndReason.KICKED });
      await tells(t, told, ["DISCONNECTED"], "after a kick");
    },
  },
];
