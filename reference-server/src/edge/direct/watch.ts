// Watch past the RPC library. There are as many of these as watchers, so what stays for each is counted: one object, and no promise, generator or signal.
import { create, type DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { createEndStreamSerialization, endStreamFlag } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { UserStatusService, type WatchRequest, WatchResponseSchema } from "@userstatus/protocol";
import type { OpenWatch } from "../../rpc/user-service.ts";
import type { WatchConnection } from "../../watch/feed.ts";
import type { FrameSink } from "../../watch/frame-sink.ts";
import type { OpenedWatch } from "../../watch/hub.ts";
import type { Event } from "../../watch/watch.ts";
import { type Begin, type Begun, type Coded, codedOf, type DirectCalls, pathOf } from "./begin.ts";
import { enveloped, packed } from "./envelopes.ts";
import { answerCompression, envelopedHeaders, type Form, streamForms, timeoutOf } from "./forms.ts";
import type { StreamAnswer, Headers as WireHeaders } from "./wire.ts";

export interface DirectWatchOptions {
  readonly begin: Begin;
  readonly openWatch: OpenWatch;
  /** Told how each stream ended that was begun here; with a fault, what the caller is to be told. */
  readonly onEnded: (method: DescMethod, startMs: number, fault: unknown) => ConnectError | undefined;
  readonly readMaxBytes: number;
  /** Ends all. */
  readonly shutdownSignal: AbortSignal;
}

/** What all Watches of a listener have in common. */
interface Shared extends DirectWatchOptions, Coded {
  readonly open: Set<Connection>;
}

const method = UserStatusService.method.watch;

export function createDirectWatch(options: DirectWatchOptions): DirectCalls {
  const { begin, shutdownSignal } = options;
  const shared: Shared = { ...options, ...codedOf(method, options.readMaxBytes), open: new Set() };
  shutdownSignal.addEventListener("abort", () => {
    for (const connection of [...shared.open]) connection.leave();
  });
  const path = pathOf(method);
  return (wire) => {
    if (wire.method !== "POST" || wire.path !== path || shutdownSignal.aborted) return false;
    return begin(shared, streamForms, wire, (begun) => serve(shared, begun));
  };
}

async function serve(shared: Shared, { wire, form, request, values, body, startMs }: Begun): Promise<void> {
  const timeoutMs = timeoutOf(wire.headers, form);
  // A deadline that has passed is the library's to tell.
  if (timeoutMs === 0 || timeoutMs === "refused") return wire.handOver({ body });
  const compression = answerCompression(wire.headers, form);
  const headers = envelopedHeaders(form, compression);
  const stream = wire.stream(form.binary ? "proto" : "json");
  const connection = new Connection(shared, stream, form, startMs);
  stream.whenGone(connection);
  connection.begin({ headers, compression, timeoutMs });
  try {
    const { breakOff } = stream;
    const isGone = (): boolean => connection.isOver;
    const opened = await shared.openWatch(request as WatchRequest, { values }, { breakOff, isGone });
    await connection.run(opened);
  } catch (thrown) {
    if (connection.abandon()) wire.handOver({ body, refused: { thrown } });
  }
}

interface Beginning {
  readonly headers: WireHeaders;
  readonly compression: Compression | undefined;
  readonly timeoutMs: number | undefined;
}

/** One Watch and the stream that carries it. */
class Connection implements WatchConnection {
  readonly #shared: Shared;
  readonly #stream: StreamAnswer;
  readonly #form: Form;
  readonly #startMs: number;
  /** Until the opening is written. */
  #beginning: Beginning | undefined;
  #begun = false;
  #opened: OpenedWatch | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  /** Lets the opening go on. */
  #goOn: (() => void) | undefined;

  constructor(shared: Shared, stream: StreamAnswer, form: Form, startMs: number) {
    this.#shared = shared;
    this.#stream = stream;
    this.#form = form;
    this.#startMs = startMs;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get sink(): FrameSink {
    return this.#stream;
  }

  begin(beginning: Beginning): void {
    this.#beginning = beginning;
    const { timeoutMs } = beginning;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.leave(), timeoutMs);
    this.#shared.open.add(this);
  }

  async run(opened: OpenedWatch): Promise<void> {
    this.#opened = opened;
    // Who has gone before there was anything to leave.
    if (this.#isOver) opened.leave();
    await opened.feed(this);
    this.#beginning = undefined;
  }

  /** The opening was refused: the library goes on. False: nobody is there any more. */
  abandon(): boolean {
    if (this.#isOver) return false;
    this.#close();
    return true;
  }

  async write(events: readonly Event[]): Promise<void> {
    const response = create(WatchResponseSchema, { events: events.map((event) => ({ event })) });
    const message = this.#shared.serialization.getO(this.#form.binary).serialize(response);
    const frame = await packed(message, this.#beginning?.compression);
    if (this.#isOver) return;
    if (!this.#begun) this.#stream.begin(this.#beginning?.headers ?? {});
    this.#begun = true;
    if (this.#stream.write(frame)) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
      this.#stream.whenDrained(resolve);
    });
    this.#goOn = undefined;
  }

  /** The client went away, the deadline has passed, or the server stops. */
  leave(): void {
    if (this.#opened) this.#opened.leave();
    else this.over();
    this.#goOn?.();
  }

  /** The stream was closed. */
  gone(): void {
    this.leave();
  }

  over(fault?: unknown): void {
    if (this.#isOver) return;
    this.#close();
    const error = this.#shared.onEnded(method, this.#startMs, fault);
    if (!this.#begun) this.#stream.begin(this.#beginning?.headers ?? {});
    if (this.#form.protocol === "grpc") this.#stream.end(undefined, trailersOf(error));
    else this.#stream.end(endOf(error), undefined);
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#shared.open.delete(this);
  }
}

function trailersOf(error: ConnectError | undefined): WireHeaders {
  if (error === undefined) return okTrailers;
  return Object.fromEntries(setTrailerStatus(new Headers(), error));
}

const okTrailers: WireHeaders = { "grpc-status": "0" };
const endSerialization = createEndStreamSerialization(undefined);

function endOf(error: ConnectError | undefined): Buffer {
  return enveloped(endSerialization.serialize({ metadata: new Headers(), ...(error ? { error } : {}) }), endStreamFlag);
}
