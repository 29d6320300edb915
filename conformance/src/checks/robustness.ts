// Hundreds of requests that must be refused, all at once, while others work: refused they are, and nobody else notices.
import { Platform } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch, Wire } from "../check.ts";
import { flip, type Target, targets } from "./lib/c-actors.ts";
import { eventsOf, foldToFence, plain } from "./lib/c-state.ts";

const service = "/userstatus.v1.UserStatusService";
/** Requests under way at once. */
const widthMax = 16;

type Request = Parameters<Wire["http"]>[0];

/** Runs the jobs, so many at once. */
async function inParallel(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const left = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await job();
  };
  await Promise.all(Array.from({ length: widthMax }, worker));
}

function bytes(t: Bench, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => t.random.int(256));
}

/** A Login that can't be read, or has a content type that nobody serves. */
function unreadable(t: Bench, token: string): Request {
  const json = { "content-type": "application/json", "connect-protocol-version": "1" };
  const proto = { "content-type": "application/proto", "connect-protocol-version": "1" };
  const kinds: Omit<Request, "method" | "path">[] = [
    { headers: json, body: "{" },
    { headers: json, body: `{"deviceId": "${t.random.text(5)}", "platform": ` },
    { headers: json, body: `${"[".repeat(2_000)}${"]".repeat(2_000)}` },
    { headers: json, body: bytes(t, 40) },
    { headers: proto, body: Uint8Array.of(0x0a, 0x7f, 0x61) },
    {
      headers: proto,
      body: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...bytes(t, 20)),
    },
    { headers: proto, body: Uint8Array.of(0x0a, 0x02, 0xff, 0xfe, 0x10, 0x05) },
    { headers: { ...proto, "content-encoding": "gzip" }, body: bytes(t, 30) },
    { headers: { ...proto, "content-encoding": "no-such-coding" }, body: bytes(t, 30) },
    { headers: { "content-type": "text/plain" }, body: "hello" },
    { headers: { "content-type": "application/xml" }, body: "<login/>" },
    { headers: { "content-type": "application/no-such+proto" }, body: bytes(t, 30) },
  ];
  return { method: "POST", path: `${service}/Login`, token, ...t.random.pick(kinds) };
}

/** A Watch whose envelope promises more than it holds, or holds what is no request. */
function brokenWatch(t: Bench, token: string): Request {
  const headers = { "content-type": "application/connect+proto", "connect-protocol-version": "1" };
  const bodies = [
    Uint8Array.of(0, 0, 0, 1, 0, 0x0a),
    Uint8Array.of(0, 0, 0, 0, 3, 0x0a, 0x7f, 0x61),
    bytes(t, 3),
    new Uint8Array(),
  ];
  return { method: "POST", path: `${service}/Watch`, token, headers, body: t.random.pick(bodies) };
}

/** A target goes on changing, and a Watch telling of it, while something else happens. */
async function meanwhile(t: Bench, watch: TestWatch, target: Target, storm: Promise<void>): Promise<void> {
  let over = false;
  const done = storm.finally(() => {
    over = true;
  });
  done.catch(() => undefined);
  do {
    const online = await flip(target);
    t.equal(
      (await foldToFence(watch)).statuses.get(target.id)?.onlineStatus,
      online,
      "online status told while bad requests come in",
    );
  } while (!over);
  await done;
}

/** Calls that are well-formed messages and must be refused, each with its reason. */
async function badCalls(t: Bench, session: TestSession): Promise<readonly (() => Promise<unknown>)[]> {
  const client = session.user.client();
  const long = "x".repeat((t.profile.customStatus?.maxBytes ?? 0) + 1);
  const refusals: [Parameters<Bench["refused"]>[1], string, () => Promise<unknown>][] = [
    ["BATCH_EMPTY", "QueryStatuses of nobody", () => session.raw.query([])],
    ["INVALID_USER_ID", "QueryStatuses of an id with a line end", () => session.raw.query(["no\nid"])],
    ["INVALID_USER_ID", "Subscribe to an id of 33 bytes", () => session.raw.subscribe(["u".repeat(33)])],
    ["BATCH_EMPTY", "Subscribe to nobody", () => session.raw.subscribe([])],
    ["INVALID_USER_ID", "Unsubscribe from an id with a blank", () => session.raw.unsubscribe(["no id"])],
    ["CUSTOM_STATUS_TOO_LONG", "SetCustomStatus of one byte too many", () => session.raw.set({ text: long })],
    ["INVALID_FIELD", "ListSubscriptions with a negative page size", () => session.raw.list({ pageSize: -1 })],
    [
      "MALFORMED_PAGE_TOKEN",
      "ListSubscriptions with a made-up token",
      () => session.raw.list({ pageToken: t.random.text(20) }),
    ],
    ["INVALID_FIELD", "Sync without a marker", () => session.raw.sync("")],
    ["SESSION_NOT_FOUND", "Heartbeat of an unknown session", () => client.heartbeat({ sessionId: t.random.text(16) })],
    [
      "INVALID_FIELD",
      "Login without a platform",
      () => client.login({ deviceId: "d", platform: Platform.UNSPECIFIED }),
    ],
    [
      "TOKEN_MISSING",
      "Heartbeat without a token",
      () => session.user.client({ token: null }).heartbeat({ sessionId: session.id }),
    ],
    [
      "TOKEN_INVALID",
      "Heartbeat with a made-up token",
      () => session.user.client({ token: "made.up" }).heartbeat({ sessionId: session.id }),
    ],
  ];
  return refusals.map(
    ([reason, what, call]) =>
      () =>
        t.refused(call(), reason, what),
  );
}

/** Checks with hundreds of requests that must be refused. */
export const robustnessChecks: readonly Check[] = [
  {
    id: "message-malformed/hundreds",
    title: "hundreds of requests that can't be read are refused, and a watcher and a target go on all the while",
    claims: ["transport.connect"],
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      const token = await session.user.token();
      const jobs = Array.from({ length: 300 }, (_, place) => async (): Promise<void> => {
        const request = place % 5 === 0 ? brokenWatch(t, token) : unreadable(t, token);
        const { status, body } = await t.wire.http(request);
        // A stream's refusal stands in its last message, under the status 200.
        const isRefused =
          status >= 400 || (request.path.endsWith("/Watch") && new TextDecoder().decode(body).includes('"error"'));
        t.ok(
          isRefused,
          `${request.path} with ${JSON.stringify(request.headers)} and an unreadable body must be refused`,
          status,
        );
      });
      await meanwhile(t, watch, target, inParallel(jobs));
      const own = (await foldToFence(watch)).self?.sessions.map((one) => one.sessionId);
      t.equal(own, [session.id], "sessions of the user whose token the requests had");
    },
  },
  {
    id: "error-no-effect/hundreds",
    title: "hundreds of calls that must be refused are, each for its reason, and change nothing for anyone",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      const observer = await t.session();
      await session.subscribe([target.id]);
      await watch.fence();
      const before = await observer.statusOf(session.user.id);
      const mark = watch.mark();
      const calls = await badCalls(t, session);
      const jobs = Array.from({ length: 260 }, (_, place) => async (): Promise<void> => {
        await calls[place % calls.length]?.();
      });
      await meanwhile(t, watch, target, inParallel(jobs));
      t.equal(
        plain(await observer.statusOf(session.user.id)),
        plain(before),
        "status of the user who called, as others see him",
      );
      t.equal((await session.list()).length, 1, "number of his rows");
      const ended = eventsOf(watch, "subscriptionEnded").filter((event) => event.index >= mark);
      t.equal(ended.length, 0, "number of subscription_ended events");
      await session.set("here");
      t.equal((await foldToFence(watch)).self?.status?.customStatus?.text, "here", "own text after all that");
    },
  },
];
