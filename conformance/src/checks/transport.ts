// Checks of SPEC §3, transport: every call and the Watch over every claimed wire protocol.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { onlineName } from "./lib/a-profile.ts";
import { shows, textOf } from "./lib/a-scenes.ts";

const wireClaims = ["transport.connect", "transport.grpc", "transport.grpc_web"];

export const transportChecks: readonly Check[] = [
  {
    id: "transport-claimed/one-at-least",
    title: "At least one wire protocol is claimed, and the server answers over the one of this run",
    run: async (t: Bench) => {
      t.ok(
        wireClaims.some((claim) => t.claims.has(claim)),
        `One of ${wireClaims.join(", ")} is claimed`,
        [...t.claims],
      );
      const info = await (await t.user()).client().getServerInfo({});
      t.ok(info.specVersion !== "", "GetServerInfo is answered with a spec_version", info);
    },
  },
  {
    id: "transport-claimed/unary",
    title: "Every unary call works over the wire protocol of this run",
    everyTransport: true,
    run: async (t: Bench) => {
      const target = await t.session({ text: "there" });
      const user = await t.user();
      const info = await user.client().getServerInfo({});
      t.equal(info.profile?.name, t.profile.name, "Name of the profile in GetServerInfo");
      const session = await user.login();
      t.ok((await session.heartbeat()).lease !== undefined, "Heartbeat answers with a lease");
      const set = await session.set("here");
      t.equal(textOf(set.self?.status), "here", "Text in the answer of SetCustomStatus");
      const found = await session.statusOf(target.user.id);
      t.equal(textOf(found), "there", "Text in the answer of QueryStatuses");
      const [row] = await session.subscribe([target.user.id]);
      t.equal(row?.result.case, "subscribed", "Result of Subscribe");
      const rows = await session.list();
      t.equal(rows[0]?.subscription?.userId, target.user.id, "Row in the answer of ListSubscriptions");
      const gone = await session.unsubscribe([target.user.id]);
      t.equal(gone.endedUserIds[0], target.user.id, "User in the answer of Unsubscribe");
      const watch = await session.watch();
      await session.raw.sync("marker-of-this-run");
      await watch.find("The marker of Sync", (event) => (event.case === "synced" ? event : undefined));
      const out = await session.logout();
      t.ok(out.epoch !== "", "Logout answers with an epoch", out);
      await shows(t, user.id, OnlineStatus.LOGGED_OUT, "Status after Logout");
    },
  },
  {
    id: "transport-claimed/watch",
    title: "The Watch works over the wire protocol of this run: snapshot, live events, markers, and an end",
    everyTransport: true,
    run: async (t: Bench) => {
      const target = await t.user();
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      await target.login({ text: "hello" });
      const status = await watch.status(target.id, "The login of the target", (one) => textOf(one) === "hello");
      t.equal(onlineName(status.onlineStatus), "ONLINE", "Status of the target on the Watch");
      await watch.fence();
      await session.logout();
      const { end, error } = await watch.end("The Watch after Logout");
      t.ok(end !== undefined, "The last event of the Watch is watch_end", error);
    },
  },
];
