// A scripted service in memory: it answers as a test tells it, records what it was asked, and hands its Watches to the test.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type ServiceImpl, type Transport } from "@connectrpc/connect";
import {
  errorDomain,
  publishedProfile,
  type ReasonName,
  ResumeResult,
  reasonCodes,
  UserStatusService,
  type WatchEventSchema,
  WatchResponseSchema,
} from "@userstatus/protocol";
import { ErrorInfoSchema, RetryInfoSchema } from "@userstatus/protocol/rpc";

/** An event as a test writes it. */
export type EventInit = NonNullable<MessageInitShape<typeof WatchEventSchema>["event"]>;

/** The server's side of one Watch. */
export interface FakeWatch {
  readonly sessionId: string;
  readonly cursor: Uint8Array;
  readonly token: string;
  /** One frame. */
  readonly send: (...events: EventInit[]) => void;
  /** The usual opening: hello, these events, snapshot_end. */
  readonly open: (options?: { epoch?: string; resumed?: boolean; cursor?: string; events?: EventInit[] }) => void;
  /** Closes it, without an error unless one is given. */
  readonly close: (error?: ConnectError) => void;
  /** Whether the client has gone, or the test has closed it. */
  readonly isClosed: () => boolean;
}

type Methods = ServiceImpl<typeof UserStatusService>;

/** The service and what it saw. */
export interface FakeService {
  readonly transport: Transport;
  /** Names of the calls, in order, `Watch` among them. */
  readonly calls: { readonly name: string; readonly request: unknown; readonly token: string }[];
  /** How often a call was made. */
  readonly count: (name: string) => number;
  /** All Watches, oldest first. */
  readonly watches: FakeWatch[];
  /** The newest one. */
  readonly watch: () => FakeWatch;
  /** Replaces methods from now on. */
  readonly script: (methods: Partial<Methods>) => void;
  /** Opened automatically with an empty snapshot. Default true. */
  autoOpen: boolean;
}

/** The token of a call. */
function tokenOf(header: Headers): string {
  return (header.get("authorization") ?? "").replace(/^Bearer /, "");
}

/** A refusal as servers make them. */
export function refusal(
  reason: ReasonName,
  metadata: Record<string, string> = {},
  retryAfterMs?: number,
): ConnectError {
  const error = new ConnectError(`refused: ${reason}`, reasonCodes[reason] as Code);
  error.details.push({ desc: ErrorInfoSchema, value: { reason, domain: errorDomain, metadata } });
  if (retryAfterMs !== undefined)
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(retryAfterMs) } });
  return error;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function selfStatus(revision: number, text = ""): NonNullable<EventInit & { case: "self" }>["value"] {
  return {
    status: { userId: "me", revision: BigInt(revision), onlineStatus: 1, customStatus: { text } },
    sessions: [],
  };
}

function defaults(): Partial<Methods> {
  const profile = publishedProfile("standard");
  if (profile === undefined) throw new Error("no standard profile");
  return {
    getServerInfo: () => ({
      specVersion: "1.0",
      claims: ["resume"],
      profile,
      keepAliveInterval: durationFromMs(10_000),
    }),
    login: () => ({
      sessionId: "S1",
      epoch: "E1",
      self: selfStatus(1),
      lease: durationFromMs(75_000),
      heartbeatInterval: durationFromMs(30_000),
      serverTime: timestampFromMs(1_000_000_000),
    }),
    logout: () => ({ epoch: "E1", self: selfStatus(1_000_000) }),
    heartbeat: () => ({ lease: durationFromMs(75_000), serverTime: timestampFromMs(1_000_000_000) }),
    setCustomStatus: (request) => ({ epoch: "E1", self: selfStatus(2, request.customStatus?.text ?? "") }),
    sync: () => ({}),
  };
}

/** Frames that a test pushes and a handler yields. */
function createFrames(): {
  push: (events: EventInit[]) => void;
  close: (error?: ConnectError) => void;
  closed: () => boolean;
  frames: () => AsyncGenerator<EventInit[]>;
} {
  const queue: EventInit[][] = [];
  let closed = false;
  let failure: ConnectError | undefined;
  let wake = (): void => {};
  return {
    push: (events) => {
      queue.push(events);
      wake();
    },
    close: (error) => {
      if (closed) return;
      closed = true;
      failure = error;
      wake();
    },
    closed: () => closed,
    frames: async function* () {
      for (;;) {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
        if (failure !== undefined) throw failure;
        if (closed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

export function createFakeService(): FakeService {
  const calls: FakeService["calls"] = [];
  const watches: FakeWatch[] = [];
  let methods: Partial<Methods> = defaults();
  const fake: FakeService = {
    transport: createRouterTransport((router) => router.service(UserStatusService, routes())),
    calls,
    count: (name) => calls.filter((call) => call.name === name).length,
    watches,
    watch: () => {
      const newest = watches.at(-1);
      if (newest === undefined) throw new Error("no Watch was opened");
      return newest;
    },
    script: (more) => {
      methods = { ...methods, ...more };
    },
    autoOpen: true,
  };

  function routes(): Methods {
    const unary = (name: keyof Methods): never => {
      const handler = async (request: unknown, context: { requestHeader: Headers }): Promise<unknown> => {
        calls.push({ name, request, token: tokenOf(context.requestHeader) });
        const method = methods[name] as ((request: unknown, context: unknown) => unknown) | undefined;
        if (method === undefined) throw new ConnectError(`${name} is not scripted`, Code.Unimplemented);
        return await method(request, context);
      };
      return handler as never;
    };
    return {
      getServerInfo: unary("getServerInfo"),
      login: unary("login"),
      logout: unary("logout"),
      heartbeat: unary("heartbeat"),
      setCustomStatus: unary("setCustomStatus"),
      queryStatuses: unary("queryStatuses"),
      subscribe: unary("subscribe"),
      unsubscribe: unary("unsubscribe"),
      listSubscriptions: unary("listSubscriptions"),
      sync: unary("sync"),
      watch: async function* (request, context) {
        const token = tokenOf(context.requestHeader);
        calls.push({ name: "watch", request, token });
        if (methods.watch !== undefined) {
          yield* methods.watch(request, context);
          return;
        }
        const frames = createFrames();
        context.signal.addEventListener("abort", () => frames.close());
        const watch: FakeWatch = {
          sessionId: request.sessionId,
          cursor: request.cursor,
          token,
          send: (...events) => frames.push(events),
          open: ({ epoch = "E1", resumed = false, cursor = "c1", events = [] } = {}) => {
            const resumeResult = resumed ? ResumeResult.RESUMED : ResumeResult.RESET;
            const hello: EventInit = {
              case: "hello",
              value: { epoch, resumeResult, keepAliveInterval: durationFromMs(10_000) },
            };
            frames.push([hello, ...events, { case: "snapshotEnd", value: { cursor: bytes(cursor) } }]);
          },
          close: frames.close,
          isClosed: frames.closed,
        };
        watches.push(watch);
        if (fake.autoOpen) watch.open();
        for await (const events of frames.frames()) {
          yield create(WatchResponseSchema, { events: events.map((event) => ({ event })) });
        }
      },
    };
  }
  return fake;
}
