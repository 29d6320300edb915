// Checks of SPEC §3, messages: unknown fields, requests that can't be read, and sizes.
import { create, type DescMessage, type Message, toBinary, type UnknownField } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  CustomStatusInputSchema,
  HeartbeatResponseSchema,
  ListSubscriptionsResponseSchema,
  type LoginRequest,
  LoginRequestSchema,
  type LoginResponse,
  LoginResponseSchema,
  Platform,
  QueryStatusesRequestSchema,
  QueryStatusesResponseSchema,
  SubscribeResponseSchema,
  UserIdListSchema,
  WatchEventSchema,
  WatchRequestSchema,
} from "@userstatus/protocol";
import type { Bench, Check, TestUser } from "../check.ts";
import { schemaFault } from "../invariants/valid.ts";
import { openAndDrop } from "./lib/a-calls.ts";
import { type Answer, envelope, post, postJson, postMessage, streamRefused } from "./lib/a-http.ts";
import { textOf } from "./lib/a-scenes.ts";

const acceptedBytes = 128 * 1024;
const refusedBytes = 4 * 1024 * 1024;
/** Field numbers far from any that this version has. */
const strangeFields = [1000, 20_001, 536_870_911] as const;

function lengthDelimited(no: number, bytes: Uint8Array): UnknownField {
  return { no, wireType: WireType.LengthDelimited, data: new BinaryWriter().bytes(bytes).finish() };
}

/** One unknown field of each wire type that proto3 has. */
function strangers(): UnknownField[] {
  return [
    lengthDelimited(strangeFields[0], new TextEncoder().encode("from a later version")),
    { no: strangeFields[1], wireType: WireType.Varint, data: new BinaryWriter().uint64(2n ** 60n).finish() },
    { no: strangeFields[1] + 1, wireType: WireType.Bit32, data: new BinaryWriter().fixed32(7).finish() },
    { no: strangeFields[2], wireType: WireType.Bit64, data: new BinaryWriter().fixed64(7n).finish() },
  ];
}

/** A field that says it has 100 bytes, and has none: no parser can read a message with it. */
const truncatedField: UnknownField = {
  no: strangeFields[0],
  wireType: WireType.LengthDelimited,
  data: new Uint8Array([100]),
};

function inJson(t: Bench): boolean {
  return t.wire.transport.includes("json");
}

/** Login in the binary codec, whichever wire protocol this run uses. */
async function binaryLogin(t: Bench, user: TestUser, message: LoginRequest): Promise<LoginResponse> {
  if (!inJson(t)) return user.client().login(message);
  const token = await user.token();
  return postMessage(t, { method: "Login", input: LoginRequestSchema, output: LoginResponseSchema, message, token });
}

function loginMessage(unknown: UnknownField[]): LoginRequest {
  const message = create(LoginRequestSchema, { deviceId: "a-device", platform: Platform.ANDROID });
  message.$unknown = unknown;
  return message;
}

/** A Login whose message has just this many bytes. */
function paddedLogin(bytes: number): LoginRequest {
  let message = loginMessage([]);
  let padding = bytes;
  while (padding > 0) {
    message = loginMessage([lengthDelimited(strangeFields[0], new Uint8Array(padding))]);
    const over = toBinary(LoginRequestSchema, message).length - bytes;
    if (over <= 0) break;
    padding -= over;
  }
  return message;
}

/** Refused by an HTTP status, or by a connection that the server closes while it is still sent to. */
async function refusedBelow(t: Bench, call: Promise<Answer>, what: string): Promise<void> {
  const status = await call.then(
    (answer) => answer.status,
    () => "closed" as const,
  );
  t.ok(status === "closed" || status >= 400, `${what} is refused: HTTP status at least 400`, status);
}

/** Bodies of unary calls that nobody can read. */
function unreadable(t: Bench): readonly { what: string; type: string | undefined; body: string | Uint8Array }[] {
  const good = toBinary(LoginRequestSchema, loginMessage([]));
  const binary = [
    { what: "a message that is no protobuf", type: "application/proto", body: new Uint8Array([255, 255, 255, 255]) },
    { what: "a truncated message", type: "application/proto", body: good.subarray(0, good.length - 3) },
    { what: "a content type of plain text", type: "text/plain", body: good },
    { what: "a content type of another codec", type: "application/xml", body: "<login/>" },
    { what: "a content type of a form", type: "application/x-www-form-urlencoded", body: "deviceId=a" },
  ];
  if (!t.claims.has("codec.json")) return binary;
  const broken = ['{"deviceId":"a"', "nonsense", '{"deviceId":{"a":1}}', '{"platform":[]}', "[1,2]"];
  const json = broken.map((body) => ({ what: `the JSON ${body}`, type: "application/json", body }));
  return [...binary, ...json];
}

export const messageChecks: readonly Check[] = [
  {
    id: "message-unknown-fields/binary",
    title: "Unknown fields of every wire type, in a message and nested in it, are ignored",
    run: async (t: Bench) => {
      const user = await t.user();
      const custom = create(CustomStatusInputSchema, { text: "read" });
      custom.$unknown = strangers();
      const message = loginMessage(strangers());
      message.customStatus = custom;
      const login = await binaryLogin(t, user, message);
      t.equal(textOf(login.self?.status), "read", "Text in the answer of a Login with unknown fields");
      t.equal(login.self?.sessions[0]?.deviceId, "a-device", "Device in the answer of a Login with unknown fields");
      if (inJson(t)) return;
      const target = await t.session({ text: "aim" });
      const query = create(QueryStatusesRequestSchema, { sessionId: login.sessionId, userIds: [target.user.id] });
      query.$unknown = strangers();
      const { results } = await user.client().queryStatuses(query);
      t.equal(results[0]?.result.case, "status", "Result of a QueryStatuses with unknown fields");
      const users = create(UserIdListSchema, { userIds: [target.user.id] });
      users.$unknown = strangers();
      const ended = await user
        .client()
        .unsubscribe({ sessionId: login.sessionId, target: { case: "users", value: users } });
      t.equal(ended.endedUserIds[0], target.user.id, "User in the answer of an Unsubscribe with unknown fields");
      const watch = create(WatchRequestSchema, { sessionId: login.sessionId });
      watch.$unknown = strangers();
      await openAndDrop(user.client(), watch);
    },
  },
  {
    id: "message-unknown-fields/json",
    title: "Unknown keys in ProtoJSON, plain and nested, are ignored",
    claims: ["transport.connect", "codec.json"],
    run: async (t: Bench) => {
      const user = await t.user();
      const extra = { fromLater: { a: [1, { b: null }] }, alsoNew: "x", count: 3 };
      const body = {
        deviceId: "a-device",
        platform: "PLATFORM_ANDROID",
        customStatus: { text: "read", ...extra },
        ...extra,
      };
      const login = await postJson(t, "Login", body, LoginResponseSchema, await user.token());
      t.equal(textOf(login.self?.status), "read", "Text in the answer of a Login with unknown keys");
      t.equal(login.self?.sessions[0]?.deviceId, "a-device", "Device in the answer of a Login with unknown keys");
    },
  },
  {
    id: "message-malformed/unary",
    title: "Requests that can't be read, and content types that nobody serves, are refused, and the server goes on",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const { session, watch } = await t.watcher();
      const token = await session.user.token();
      for (const { what, type, body } of unreadable(t)) {
        const answer = await post(t, "Login", type, body, token);
        t.ok(answer.status >= 400, `Login with ${what} is refused: HTTP status at least 400`, answer.status);
        await session.heartbeat();
      }
      await watch.fence();
      const later = await t.session({ text: "here" });
      t.equal(textOf(await session.statusOf(later.user.id)), "here", "Text of a user who came after the bad requests");
    },
  },
  {
    id: "message-malformed/stream",
    title: "Watches with truncated, unreadable or missing messages are refused, and the server goes on",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const { session, watch } = await t.watcher();
      const token = await session.user.token();
      const good = toBinary(WatchRequestSchema, create(WatchRequestSchema, { sessionId: session.id }));
      const bodies = {
        "a truncated envelope": envelope(good, good.length + 100),
        "a message that is no protobuf": envelope(new Uint8Array([255, 255, 255, 255])),
        "an envelope that is cut within its head": new Uint8Array([0, 0]),
        "no message": new Uint8Array(0),
      };
      for (const [what, body] of Object.entries(bodies)) {
        const answer = await post(t, "Watch", "application/connect+proto", body, token);
        t.ok(streamRefused(answer), `A Watch with ${what} is refused`, answer.status);
      }
      await watch.fence();
      await session.heartbeat();
    },
  },
  {
    id: "message-malformed/truncated-field",
    title: "A message with a field that is cut off is refused over every wire protocol, and the server goes on",
    everyTransport: true,
    run: async (t: Bench) => {
      const { session, watch } = await t.watcher();
      const user = await t.user();
      t.ok((await binaryLogin(t, user, loginMessage([]))).sessionId !== "", "The Login is good without that field");
      const bad = loginMessage([truncatedField]);
      const what = "Login with a field that is cut off";
      if (inJson(t)) {
        const body = toBinary(LoginRequestSchema, bad);
        await refusedBelow(t, post(t, "Login", "application/proto", body, await user.token()), what);
      } else {
        await t.refusedSomehow(user.client().login(bad), what);
      }
      await watch.fence();
      await session.heartbeat();
    },
  },
  {
    id: "message-size/128-kib",
    title: "A request of 128 KiB is not refused for its size",
    everyTransport: true,
    run: async (t: Bench) => {
      const user = await t.user();
      if (inJson(t)) {
        const body = JSON.stringify({ deviceId: "a-device", platform: "PLATFORM_ANDROID" }).padEnd(acceptedBytes);
        const answer = await post(t, "Login", "application/json", body, await user.token());
        t.equal(answer.status, 200, `HTTP status of a Login of ${acceptedBytes} bytes in JSON`);
        return;
      }
      // The envelope of gRPC takes five bytes: a body of just 128 KiB, whoever counts.
      const login = await user.client().login(paddedLogin(acceptedBytes - 5));
      t.equal(
        login.self?.sessions[0]?.deviceId,
        "a-device",
        `Device in the answer of a Login of ${acceptedBytes} bytes`,
      );
    },
  },
  {
    id: "message-valid/a-day",
    title:
      "What Login, SetCustomStatus, Subscribe, QueryStatuses, ListSubscriptions, Heartbeat and a Watch tell is valid",
    run: async (t: Bench) => {
      const target = await t.session({ text: "here" });
      const { session, watch } = await t.watcher();
      const { id } = target.user;
      await session.raw.set({ text: t.random.text(8) });
      const told: readonly (readonly [schema: DescMessage, message: object])[] = [
        [LoginResponseSchema, session.login],
        [HeartbeatResponseSchema, await session.heartbeat()],
        [SubscribeResponseSchema, await session.raw.subscribe([id])],
        [QueryStatusesResponseSchema, await session.raw.query([id, session.user.id])],
        [ListSubscriptionsResponseSchema, await session.raw.list()],
      ];
      await watch.fence();
      const events = watch.seen.map(({ event }) => [WatchEventSchema, create(WatchEventSchema, { event })] as const);
      for (const [schema, message] of [...told, ...events])
        t.equal(schemaFault(schema, message as Message), undefined, `What is wrong with a ${schema.name}`);
    },
  },
  {
    id: "message-size/over-4-mib",
    title: "A request of more than 4 MiB is refused, and the server goes on",
    everyTransport: true,
    run: async (t: Bench) => {
      const { session, watch } = await t.watcher();
      const user = await t.user();
      if (inJson(t)) {
        const body = JSON.stringify({ deviceId: "a-device", platform: "PLATFORM_ANDROID" }).padEnd(refusedBytes + 1);
        const call = post(t, "Login", "application/json", body, await user.token());
        await refusedBelow(t, call, `Login of ${refusedBytes + 1} bytes in JSON`);
      } else {
        await t.refusedSomehow(
          user.client().login(paddedLogin(refusedBytes + 1)),
          `Login of ${refusedBytes + 1} bytes`,
        );
      }
      await watch.fence();
      await session.heartbeat();
      t.equal((await user.login()).login.self?.sessions.length, 1, "Sessions of the user: the refused Login made none");
    },
  },
];
