// Checks of SPEC §3, content types of gRPC and gRPC-Web: the codec may be named or not.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { openAndDrop } from "./lib/a-calls.ts";
import { shows, textOf } from "./lib/a-scenes.ts";

const withoutCodec: Check = {
  id: "transport-claimed/type-without-codec",
  title: "Over gRPC and gRPC-Web calls and the Watch work with a content type that does not name the codec, too",
  everyTransport: true,
  run: async (t: Bench) => {
    if (!t.wire.transport.startsWith("grpc")) t.notApplicable("a content type of Connect always names the codec");
    const user = await t.user();
    const client = user.client({ bareType: true });
    const info = await client.getServerInfo({});
    t.equal(info.profile?.name, t.profile.name, "Name of the profile in GetServerInfo");
    const session = await user.login();
    const set = await client.setCustomStatus({ sessionId: session.id, customStatus: { text: "here" } });
    t.equal(textOf(set.self?.status), "here", "Text in the answer of SetCustomStatus");
    await openAndDrop(client, { sessionId: session.id });
    await client.logout({ sessionId: session.id });
    await shows(t, user.id, OnlineStatus.LOGGED_OUT, "Status after Logout");
  },
};

export const transportTypeChecks: readonly Check[] = [withoutCodec];
