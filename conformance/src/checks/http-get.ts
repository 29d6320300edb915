// Checks of SPEC §3, reads by GET: the same answers as by POST, URLs up to the limit, and nothing stored on the way.
import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type Message,
  toBinary,
  toJson,
  toJsonString,
} from "@bufbuild/protobuf";
import {
  GetServerInfoRequestSchema,
  GetServerInfoResponseSchema,
  ListSubscriptionsRequestSchema,
  ListSubscriptionsResponseSchema,
  QueryStatusesRequestSchema,
  QueryStatusesResponseSchema,
} from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { type Answer, get, getPath, paddedGetPath, post, textOfBody } from "./lib/a-http.ts";

const urlBytesMax = 4096;

type Codec = "proto" | "json";

/** A request, ready to be sent. */
interface Request {
  readonly message: Message;
  readonly token: string;
}

/** A read that is marked NO_SIDE_EFFECTS. */
interface Read {
  readonly method: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  /** A request of it, each time with the same answer. */
  readonly request: () => Promise<Request>;
}

async function reads(t: Bench): Promise<readonly Read[]> {
  const session = await t.session({ text: "me" });
  const target = await t.session({ text: "aim" });
  await session.subscribe([target.user.id]);
  const token = await session.user.token();
  return [
    {
      method: "GetServerInfo",
      input: GetServerInfoRequestSchema,
      output: GetServerInfoResponseSchema,
      request: async () => ({ message: create(GetServerInfoRequestSchema), token }),
    },
    {
      method: "QueryStatuses",
      input: QueryStatusesRequestSchema,
      output: QueryStatusesResponseSchema,
      request: () => queryOf(t, [target.user.id]),
    },
    {
      method: "ListSubscriptions",
      input: ListSubscriptionsRequestSchema,
      output: ListSubscriptionsResponseSchema,
      request: async () => ({ message: create(ListSubscriptionsRequestSchema, { sessionId: session.id }), token }),
    },
  ];
}

/** A query by a user who made none before, so that no rate is in the way. */
async function queryOf(t: Bench, userIds: string[]): Promise<Request> {
  const { id: sessionId, user } = await t.session();
  return { message: create(QueryStatusesRequestSchema, { sessionId, userIds }), token: await user.token() };
}

/** The same request with a session id that was never given. */
async function withUnknownSession(t: Bench, read: Read): Promise<Request> {
  const { message, token } = await read.request();
  return { message: Object.assign(message, { sessionId: `never-${t.random.text(16)}` }), token };
}

async function byPost(t: Bench, read: Read, codec: Codec, { message, token }: Request): Promise<Answer> {
  const body = codec === "json" ? toJsonString(read.input, message) : toBinary(read.input, message);
  return post(t, read.method, `application/${codec}`, body, token);
}

async function byGet(t: Bench, read: Read, codec: Codec, { message, token }: Request): Promise<Answer> {
  return get(t, getPath(read.method, read.input, message, codec), token);
}

function codecs(t: Bench): readonly Codec[] {
  return t.claims.has("codec.json") ? ["proto", "json"] : ["proto"];
}

/** What an answer says, without the server's time, which goes on between two calls. The order of a map's entries says nothing. */
function contentOf(t: Bench, read: Read, codec: Codec, answer: Answer): string {
  t.equal(answer.status, 200, `HTTP status of ${read.method} in ${codec}`);
  const message =
    codec === "proto"
      ? fromBinary(read.output, answer.body)
      : fromJson(read.output, JSON.parse(textOfBody(answer.body)), { ignoreUnknownFields: true });
  const json = toJson(read.output, create(read.output, { ...message, serverTime: undefined }));
  const text = JSON.stringify(json, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  );
  t.ok(text.length > 20, `${read.method} in ${codec} has a content`, text);
  return text;
}

/** A query of one user, said as often as a batch and `room` allow: duplicates collapse, so that the answer stays short. */
async function longQuery(
  t: Bench,
  userId: string,
  codec: Codec,
  room: number,
): Promise<{ readonly path: string; readonly token: string }> {
  const { id: sessionId, user } = await t.session();
  const pathOf = (count: number, padding: number): string => {
    const userIds = Array.from({ length: count }, () => userId);
    const message = create(QueryStatusesRequestSchema, { sessionId, userIds });
    return getPath("QueryStatuses", QueryStatusesRequestSchema, message, codec, padding);
  };
  let count = 1;
  while (count < (t.profile.query?.batchMax ?? 1) && pathOf(count + 1, 0).length <= room) count += 1;
  const padding = codec === "json" ? Math.floor((room - pathOf(count, 0).length) / 3) : 0;
  return { path: pathOf(count, padding), token: await user.token() };
}

export const httpGetChecks: readonly Check[] = [
  {
    id: "transport-get/same-as-post",
    title: "GetServerInfo, QueryStatuses and ListSubscriptions by GET answer what they answer by POST",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      for (const codec of codecs(t)) {
        for (const read of await reads(t)) {
          const posted = await byPost(t, read, codec, await read.request());
          const got = await byGet(t, read, codec, await read.request());
          const what = `${read.method} by GET in ${codec}`;
          t.equal(contentOf(t, read, codec, got), contentOf(t, read, codec, posted), what);
        }
      }
    },
  },
  {
    id: "transport-get/padded",
    title: "A GET whose message has the padding that base64 may have is answered like one without",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const session = await t.session();
      const target = await t.session({ text: "aim" });
      await session.subscribe([target.user.id]);
      const token = await session.user.token();
      // The page size makes a message two bytes longer: of the two at least one has padding.
      for (const pageSize of [0, 1]) {
        const message = create(ListSubscriptionsRequestSchema, { sessionId: session.id, pageSize });
        const path = paddedGetPath("ListSubscriptions", ListSubscriptionsRequestSchema, message);
        const answer = await get(t, path, token);
        t.equal(answer.status, 200, "HTTP status of ListSubscriptions by a GET with padding");
        const { subscriptions } = fromBinary(ListSubscriptionsResponseSchema, answer.body);
        const rows = subscriptions.map(({ subscription }) => subscription?.userId);
        t.equal(rows, [target.user.id], "Targets of the rows by a GET with padding");
      }
    },
  },
  {
    id: "transport-get/refused-the-same",
    title: "A read that is refused by POST is refused by GET with the same status and code",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      for (const read of (await reads(t)).slice(1)) {
        const good = await byGet(t, read, "proto", await read.request());
        t.equal(good.status, 200, `HTTP status of ${read.method} by GET`);
        const bad = await withUnknownSession(t, read);
        const posted = await byPost(t, read, "proto", bad);
        const got = await byGet(t, read, "proto", bad);
        t.ok(posted.status >= 400, `${read.method} by POST with an unknown session is refused`, posted.status);
        t.equal(got.status, posted.status, `HTTP status of ${read.method} by GET with an unknown session`);
        const codes = [got, posted].map((answer) => JSON.parse(textOfBody(answer.body)).code);
        t.equal(codes[0], codes[1], `Code of ${read.method} by GET with an unknown session`);
      }
    },
  },
  {
    id: "transport-get/url-of-4096",
    title: "A GET whose URL has just 4,096 bytes is answered",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const target = await t.session({ text: "far" });
      const room = urlBytesMax - t.wire.baseUrl.length;
      for (const codec of codecs(t)) {
        const { path, token } = await longQuery(t, target.user.id, codec, room);
        const bytes = t.wire.baseUrl.length + path.length;
        const answer = await get(t, path, token);
        t.equal(answer.status, 200, `HTTP status of a GET of ${bytes} bytes in ${codec}`);
        if (codec === "proto") {
          const [result] = fromBinary(QueryStatusesResponseSchema, answer.body).results;
          t.equal(result?.result.case, "status", "Result of QueryStatuses by a long GET");
        }
      }
    },
  },
  {
    id: "transport-no-store/answers",
    title: "Every answer to a GET says Cache-Control: no-store",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      for (const codec of codecs(t)) {
        for (const read of await reads(t)) {
          const answer = await byGet(t, read, codec, await read.request());
          t.equal(answer.status, 200, `HTTP status of ${read.method} by GET`);
          const control = answer.headers["cache-control"] ?? "";
          t.ok(/\bno-store\b/i.test(control), `Cache-Control of ${read.method} by GET has no-store`, control);
        }
      }
    },
  },
  {
    id: "transport-no-store/refusals",
    title: "A refusal of a GET says Cache-Control: no-store too",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const token = await (await t.user()).token();
      const message = create(ListSubscriptionsRequestSchema, { sessionId: `never-${t.random.text(16)}` });
      const path = getPath("ListSubscriptions", ListSubscriptionsRequestSchema, message, "proto");
      const answer = await get(t, path, token);
      t.ok(answer.status >= 400, "ListSubscriptions by GET with an unknown session is refused", answer.status);
      const control = answer.headers["cache-control"] ?? "";
      t.ok(/\bno-store\b/i.test(control), "Cache-Control of a refusal by GET has no-store", control);
    },
  },
];
