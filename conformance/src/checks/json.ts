// Checks of SPEC §3, ProtoJSON: every unary call and the Watch in JSON, written by hand and not by a client library.
import { type DescMessage, fromJson, type MessageShape } from "@bufbuild/protobuf";
import {
  GetServerInfoResponseSchema,
  HeartbeatResponseSchema,
  ListSubscriptionsResponseSchema,
  LoginResponseSchema,
  LogoutResponseSchema,
  OnlineStatus,
  QueryStatusesResponseSchema,
  SetCustomStatusResponseSchema,
  SubscribeResponseSchema,
  SyncResponseSchema,
  UnsubscribeResponseSchema,
  WatchResponseSchema,
} from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { reasonOf } from "./lib/a-calls.ts";
import { type Answer, envelope, envelopes, post, postJson, textOfBody } from "./lib/a-http.ts";
import { rowTtlMs } from "./lib/a-profile.ts";
import { shows, textOf, wallWait } from "./lib/a-scenes.ts";

const utf8 = new TextEncoder();

/** Opens the Watch in JSON; settles with all of it when the server has ended it. */
async function watchJson(t: Bench, session: TestSession): Promise<Answer> {
  const body = envelope(utf8.encode(JSON.stringify({ sessionId: session.id })));
  return post(t, "Watch", "application/connect+json", body, await session.user.token());
}

/** Until the session has an open Watch, a Sync is refused. */
async function untilOpen(t: Bench, session: TestSession): Promise<void> {
  let reason = "";
  for (let tries = 0; tries < 100; tries++) {
    reason = await reasonOf(session.raw.sync("open"));
    if (reason === "success") return;
    await wallWait(30);
  }
  t.ok(false, "A Watch in JSON is open within 3 s: Sync of its session is answered", reason);
}

export const jsonChecks: readonly Check[] = [
  {
    id: "transport-json/unary",
    title: "Every unary call works in ProtoJSON",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const target = await t.session({ text: "there" });
      const user = await t.user();
      const token = await user.token();
      const call = <D extends DescMessage>(method: string, body: unknown, type: D): Promise<MessageShape<D>> =>
        postJson(t, method, body, type, token);
      const info = await call("GetServerInfo", {}, GetServerInfoResponseSchema);
      t.equal(info.profile?.name, t.profile.name, "Name of the profile in JSON");
      const login = { deviceId: "json-device", platform: "PLATFORM_ANDROID" };
      const { sessionId, self } = await call("Login", login, LoginResponseSchema);
      t.equal(self?.sessions[0]?.deviceId, "json-device", "Device in the answer of Login in JSON");
      const { lease } = await call("Heartbeat", { sessionId }, HeartbeatResponseSchema);
      t.ok(lease !== undefined, "Heartbeat in JSON answers with a lease");
      const set = await call(
        "SetCustomStatus",
        { sessionId, customStatus: { text: "über" } },
        SetCustomStatusResponseSchema,
      );
      t.equal(textOf(set.self?.status), "über", "Text in the answer of SetCustomStatus in JSON");
      const users = { sessionId, userIds: [target.user.id] };
      const { results } = await call("QueryStatuses", users, QueryStatusesResponseSchema);
      t.equal(results[0]?.result.case, "status", "Result of QueryStatuses in JSON");
      const ttlMs = rowTtlMs(t.profile);
      const ttl = ttlMs === undefined ? {} : { ttl: `${ttlMs / 1000}s` };
      const subscribed = await call("Subscribe", { ...users, ...ttl }, SubscribeResponseSchema);
      t.equal(subscribed.results[0]?.result.case, "subscribed", "Result of Subscribe in JSON");
      const { subscriptions } = await call("ListSubscriptions", { sessionId }, ListSubscriptionsResponseSchema);
      t.equal(subscriptions[0]?.subscription?.userId, target.user.id, "Row of ListSubscriptions in JSON");
      const ended = await call(
        "Unsubscribe",
        { sessionId, users: { userIds: [target.user.id] } },
        UnsubscribeResponseSchema,
      );
      t.equal(ended.endedUserIds[0], target.user.id, "User in the answer of Unsubscribe in JSON");
      const { epoch } = await call("Logout", { sessionId }, LogoutResponseSchema);
      t.equal(epoch, target.login.epoch, "Epoch in the answer of Logout in JSON");
      await shows(t, user.id, OnlineStatus.LOGGED_OUT, "Status after Logout in JSON");
    },
  },
  {
    id: "transport-json/original-names",
    title: "ProtoJSON with the field names of the proto files and numbers for enums is read",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const user = await t.user();
      const token = await user.token();
      const body = { device_id: "names-of-proto", platform: 5 };
      const login = await postJson(t, "Login", body, LoginResponseSchema, token);
      t.equal(login.self?.sessions[0]?.deviceId, "names-of-proto", "Device in the answer of Login");
      await postJson(t, "Heartbeat", { session_id: login.sessionId }, HeartbeatResponseSchema, token);
    },
  },
  {
    id: "transport-json/watch",
    title: "The Watch and Sync work in ProtoJSON, from hello to watch_end",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const session = await t.session();
      const stream = watchJson(t, session);
      await untilOpen(t, session);
      await session.set("json");
      const token = await session.user.token();
      await postJson(t, "Sync", { sessionId: session.id, marker: "last" }, SyncResponseSchema, token);
      await session.logout();
      const answer = await stream;
      t.equal(answer.status, 200, "HTTP status of the Watch in JSON");
      const parts = envelopes(answer.body);
      const events = parts
        .filter((part) => !part.last)
        .map((part) => fromJson(WatchResponseSchema, JSON.parse(textOfBody(part.data)), { ignoreUnknownFields: true }))
        .flatMap((frame) => frame.events.map(({ event }) => event));
      t.equal(events[0]?.case, "hello", "First event of the Watch in JSON");
      t.equal(events.at(-1)?.case, "watchEnd", "Last event of the Watch in JSON");
      const texts = events.flatMap((event) => (event.case === "self" ? [textOf(event.value.status)] : []));
      t.ok(texts.includes("json"), "The Watch in JSON carries the new text", texts);
      const markers = events.flatMap((event) => (event.case === "synced" ? [event.value.marker] : []));
      t.ok(markers.includes("last"), "The Watch in JSON carries the marker", markers);
      const close = parts.find((part) => part.last);
      t.ok(close !== undefined, "The stream in JSON has an end-of-stream envelope");
      t.ok(
        JSON.parse(textOfBody(close.data)).error === undefined,
        "It closes without an error",
        textOfBody(close.data),
      );
    },
  },
];
