// Acts as one identity over a connection: puts the token on each call, bounds its wait, and tells transcript and
// observer
// what was said.
import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { describeError } from "../bench/refusal.ts";
import { CheckFailure, NothingCame, SuiteFault } from "../failure.ts";
import { schemaFault } from "../invariants/valid.ts";
import type { EntryKind, Transcript } from "../transcript/transcript.ts";
import { spoken } from "../units.ts";
import { type BoundedWait, boundedWait } from "./bounded-wait.ts";

export interface CallerOptions {
  /** For the transcript. */
  readonly who: string;
  /** The bearer token; null: none. */
  readonly token: string | null | (() => Promise<string>);
  readonly transcript: Transcript;
  /** Longest wait for an answer, or for the first frame of a stream. */
  readonly patienceMs: number;
  /** Ends every call: the check is over. */
  readonly over: AbortSignal;
  /** Told of each message that came. */
  readonly received?: (method: string, schema: DescMessage, message: Message) => void;
  /** Told of each answer. */
  readonly observe?: (method: string, answer: Message) => void;
  /** Told of each refusal, with the header that carried the token. */
  readonly refused?: (authorization: string | null, error: unknown) => void;
  /** Whoever reads the stream minds its waits. */
  readonly streamsWait?: boolean;
}

/** A transport that behaves as `base` does, as this identity. */
export function createCaller(base: Transport, options: CallerOptions): Transport {
  return { unary: unaryOf(base, options), stream: streamOf(base, options) };
}

function unaryOf(base: Transport, options: CallerOptions): Transport["unary"] {
  return async (method, signal, timeoutMs, header, input, context) => {
    const call = createCall(method, options);
    const request = create(method.input, input);
    const headers = await authorized(header, options.token);
    call.log("call", method.input, request);
    const wait = boundedWait([signal, options.over], options.patienceMs);
    try {
      // The init shape of a message includes the message itself, which the types of generic schemas don't see.
      const init = request as MessageInitShape<typeof method.input>;
      const answer = await base.unary(method, wait.signal, timeoutMs, headers, init, context);
      call.log("answer", method.output, answer.message);
      options.observe?.(method.name, answer.message);
      return answer;
    } catch (error) {
      options.refused?.(headers.get("authorization"), error);
      throw call.failed(error, wait);
    } finally {
      wait.done();
    }
  };
}

function streamOf(base: Transport, options: CallerOptions): Transport["stream"] {
  return async (method, signal, timeoutMs, header, input, context) => {
    const call = createCall(method, options);
    const headers = await authorized(header, options.token);
    const limitMs = options.streamsWait === true ? undefined : options.patienceMs;
    const wait = boundedWait([signal, options.over], limitMs);
    call.say("open", "");
    try {
      const requests = each(input, (value) => call.log("call", method.input, create(method.input, value)));
      const answer = await base.stream(method, wait.signal, timeoutMs, headers, requests, context);
      const frames = each(answer.message, (value) => {
        wait.answered();
        call.log("frame", method.output, value);
      });
      const onError = (error: unknown): void => options.refused?.(headers.get("authorization"), error);
      return { ...answer, message: toTheEnd(frames, call, { wait, onError }) };
    } catch (error) {
      wait.done();
      options.refused?.(headers.get("authorization"), error);
      throw call.failed(error, wait);
    }
  };
}

/** One call in the transcript. */
interface Call {
  readonly say: (kind: EntryKind, text: string) => void;
  readonly log: (kind: EntryKind, schema: DescMessage, value: Message) => void;
  /** Logs what went wrong, and gives what to throw. */
  readonly failed: (error: unknown, wait: BoundedWait) => unknown;
}

function createCall(method: { readonly name: string }, { transcript, who, patienceMs, received }: CallerOptions): Call {
  const common = { id: transcript.nextId(), who, method: method.name };
  const say: Call["say"] = (kind, text) => transcript.add({ ...common, kind, text });
  return {
    say,
    log: (kind, schema, value) => {
      transcript.add({ ...common, kind, message: { schema, value } });
      if (kind !== "call") return received?.(method.name, schema, value);
      // What breaks the schema on purpose is written below this transport, as bytes.
      const fault = schemaFault(schema, value);
      if (fault !== undefined) throw new SuiteFault(`the suite was about to send a ${schema.name} with ${fault}`);
    },
    failed: (error, wait) => {
      const expected = `an answer within ${spoken(patienceMs)}`;
      const fault = wait.ranOut() ? new NothingCame(`${method.name} must be answered`, expected, "none") : error;
      say("refusal", fault instanceof CheckFailure ? fault.message : describeError(fault));
      return fault;
    },
  };
}

async function authorized(
  header: ConstructorParameters<typeof Headers>[0],
  token: CallerOptions["token"],
): Promise<Headers> {
  const headers = new Headers(header);
  const value = typeof token === "function" ? await token() : token;
  if (value !== null) headers.set("authorization", `Bearer ${value}`);
  return headers;
}

async function* each<T>(values: AsyncIterable<T>, look: (value: T) => void): AsyncIterable<T> {
  for await (const value of values) {
    look(value);
    yield value;
  }
}

async function* toTheEnd<T>(
  frames: AsyncIterable<T>,
  call: Call,
  { wait, onError }: { readonly wait: BoundedWait; readonly onError: (error: unknown) => void },
): AsyncIterable<T> {
  try {
    yield* frames;
    call.say("end", "closed without an error");
  } catch (error) {
    onError(error);
    throw call.failed(error, wait);
  } finally {
    wait.done();
  }
}
