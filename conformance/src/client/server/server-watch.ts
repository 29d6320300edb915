// The server's side of one Watch, in the hands of a check.
import { fromJson, type JsonValue, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import type { WatchEndSchema, WatchEventSchema } from "@userstatus/protocol";
import { ResumeResult } from "@userstatus/protocol";
import { durationOf } from "../../units.ts";
import type { Arrival } from "./arrivals.ts";
import { firstEpoch, type ServerSettings, statusOf } from "./replies.ts";
import { tomorrowMessage } from "./tomorrow.ts";

/** An event as a check writes it. */
export type EventInit = NonNullable<MessageInitShape<typeof WatchEventSchema>["event"]>;

/** A target whose status tells how far a client has read. */
export const fenceUser = "zz-fence";

export interface OpeningOptions {
  readonly epoch?: string;
  /** RESUMED in place of RESET. */
  readonly resumed?: boolean;
  readonly cursor?: string;
  /** Between `hello` and `snapshot_end`. */
  readonly events?: readonly EventInit[];
  /** Leaves `snapshot_end` to the check. */
  readonly incomplete?: boolean;
  /** What hello tells; default: the server's. */
  readonly keepAliveMs?: number;
}

export interface ServerWatch {
  readonly arrival: Arrival;
  readonly sessionId: string;
  readonly cursor: Uint8Array;
  /** One frame. */
  readonly send: (...events: readonly EventInit[]) => void;
  /** One frame of events of tomorrow, in JSON. */
  readonly sendJson: (events: readonly JsonValue[]) => void;
  /** The usual opening: hello, row and status of the fence, these events, snapshot_end. Then keep-alives. */
  readonly open: (options?: OpeningOptions) => void;
  readonly completeSnapshot: (cursor?: string) => void;
  /** A `watch_end`; then the stream closes. Answers when it was sent. */
  readonly end: (end: MessageInitShape<typeof WatchEndSchema>) => number;
  /** Closes it without `watch_end`; with an error if one is given. */
  readonly finish: (error?: ConnectError) => number;
  /** From now on nothing comes on it, no keep-alive either. */
  readonly silence: () => number;
  /** Whether the client has gone, or the check has closed it. */
  readonly isOver: () => boolean;
}

/** The frames of a Watch, for its handler. */
export interface WatchSource {
  readonly watch: ServerWatch;
  readonly frames: () => AsyncGenerator<object>;
  readonly clientLeft: () => void;
}

export interface WatchSourceOptions {
  readonly arrival: Arrival;
  readonly settings: ServerSettings;
  readonly fenceRevision: () => number;
  /** Each event that is sent. */
  readonly onEvent: (event: EventInit) => void;
  readonly onFrame: (frame: object) => void;
  readonly onNote: (text: string) => void;
}

export function createWatchSource(options: WatchSourceOptions): WatchSource {
  const { arrival, settings, onNote } = options;
  const queue: object[] = [];
  let closed = false;
  let failure: ConnectError | undefined;
  let wake = (): void => {};
  let keepAlive: NodeJS.Timeout | undefined;

  const push = (frame: object): void => {
    if (closed) return;
    options.onFrame(frame);
    queue.push(frame);
    wake();
  };
  const send = (...events: readonly EventInit[]): void => {
    if (!closed) events.forEach(options.onEvent);
    push({ events: events.map((event) => ({ event })) });
  };
  const stop = (): void => clearInterval(keepAlive);
  const finish = (error?: ConnectError): number => {
    if (!closed) onNote(error === undefined ? "the stream is closed" : `the stream breaks: ${error.message}`);
    closed = true;
    failure = error;
    stop();
    wake();
    return performance.now();
  };
  const { sessionId = "", cursor = new Uint8Array() } = arrival.request as { sessionId?: string; cursor?: Uint8Array };
  const completeSnapshot = (text = "cursor-1"): void => send({ case: "snapshotEnd", value: { cursor: bytes(text) } });
  const watch: ServerWatch = {
    arrival,
    sessionId,
    cursor,
    send,
    sendJson: (events) => push(fromJson(tomorrowMessage("WatchResponse"), { events: [...events] })),
    open: ({
      epoch = firstEpoch,
      resumed = false,
      cursor: text = "cursor-1",
      events = [],
      incomplete = false,
      keepAliveMs = settings.keepAliveMs,
    } = {}) => {
      const fence: EventInit[] = [
        { case: "subscribed", value: { userId: fenceUser, generation: 1n } },
        { case: "status", value: statusOf(fenceUser, options.fenceRevision()) },
      ];
      const end: EventInit[] = incomplete ? [] : [{ case: "snapshotEnd", value: { cursor: bytes(text) } }];
      send(helloOf({ ...settings, keepAliveMs }, epoch, resumed), ...fence, ...events, ...end);
      keepAlive = setInterval(
        () => send({ case: "progress", value: { cursor: bytes(text), serverTime: serverTime(settings) } }),
        keepAliveMs / 2,
      );
    },
    completeSnapshot,
    end: (value) => {
      send({ case: "watchEnd", value });
      return finish();
    },
    finish,
    silence: () => {
      stop();
      onNote("the stream falls silent");
      return performance.now();
    },
    isOver: () => closed,
  };
  return {
    watch,
    clientLeft: () => {
      if (!closed) onNote("the client has left the stream");
      closed = true;
      stop();
      wake();
    },
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

/** The first event of a stream. */
export function helloOf(settings: ServerSettings, epoch: string, resumed: boolean): EventInit {
  const resumeResult = resumed ? ResumeResult.RESUMED : ResumeResult.RESET;
  const keepAliveInterval = durationOf(settings.keepAliveMs);
  return { case: "hello", value: { epoch, resumeResult, keepAliveInterval, serverTime: serverTime(settings) } };
}

function serverTime(settings: ServerSettings) {
  return timestampFromMs(Date.now() + settings.clockOffsetMs);
}

/** A cursor. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
