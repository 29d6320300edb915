// Connect with JSON over plain HTTP, as anybody could write it: no RPC library, so that the examples show what is on the wire.
import { fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import type { Json } from "./example-json.ts";

/** What came: an answer, or a refusal with what its ErrorInfo says. */
export type Answer =
  | { readonly ok: true; readonly json: Json }
  | { readonly ok: false; readonly code: string; readonly reason: string; readonly metadata: Json };

export interface Call {
  readonly baseUrl: string;
  /** Such as `userstatus.v1.UserStatusService/Login`. */
  readonly procedure: string;
  /** undefined: none is sent. */
  readonly token: string | undefined;
  readonly request: Json;
}

/** How long anything may take; more is a failure of the example. */
const patienceMs = 10_000;

/** One unary call. */
export async function callUnary({ baseUrl, procedure, token, request }: Call): Promise<Answer> {
  const response = await fetch(`${baseUrl}/${procedure}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...bearer(token) },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(patienceMs),
  });
  const json = (await response.json()) as Json;
  return response.ok ? { ok: true, json } : refusal(json);
}

/** An open Watch, read event by event. */
export interface OpenWatch {
  /** The next event, keep-alives left out; or how the stream ended. */
  next(): Promise<{ event: Json } | { end: Answer | undefined }>;
  close(): void;
}

export async function openWatch({ baseUrl, procedure, token, request }: Call): Promise<OpenWatch> {
  const closing = new AbortController();
  const response = await fetch(`${baseUrl}/${procedure}`, {
    method: "POST",
    headers: { "Content-Type": "application/connect+json", "Connect-Protocol-Version": "1", ...bearer(token) },
    body: envelope(request),
    signal: closing.signal,
  });
  if (response.body === null) throw new Error("the answer has no body");
  const messages = readEnvelopes(response.body);
  const pending: Json[] = [];
  let end: { end: Answer | undefined } | undefined;
  return {
    next: async () => {
      const giveUp = setTimeout(() => closing.abort(new Error("nothing came on the Watch")), patienceMs);
      try {
        while (pending.length === 0 && end === undefined) {
          const { value: message, done } = await messages.next();
          if (done === true) throw new Error("the Watch broke off");
          if (message.last) end = { end: endOf(message.json) };
          else pending.push(...eventsOf(message.json).filter((event) => !Object.hasOwn(event, "progress")));
        }
      } finally {
        clearTimeout(giveUp);
      }
      const event = pending.shift();
      return event === undefined ? (end as { end: Answer | undefined }) : { event };
    },
    close: () => closing.abort(),
  };
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/** Connect streams messages with five bytes before each: flags, and length in network order. */
function envelope(json: Json): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(JSON.stringify(json));
  const bytes = new Uint8Array(5 + body.length);
  new DataView(bytes.buffer).setUint32(1, body.length);
  bytes.set(body, 5);
  return bytes;
}

/** Flag of the last message, which says how the call ended. */
const endOfStream = 2;

async function* readEnvelopes(body: ReadableStream<Uint8Array>): AsyncGenerator<{ last: boolean; json: Json }, void> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of body) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
      const length = 5 + bytes.readUInt32BE(1);
      const json = JSON.parse(bytes.toString("utf8", 5, length)) as Json;
      yield { last: ((bytes[0] ?? 0) & endOfStream) !== 0, json };
      bytes = bytes.subarray(length);
    }
  }
}

function eventsOf(frame: Json): { [key: string]: Json }[] {
  return ((frame as { events?: { [key: string]: Json }[] }).events ?? []) as { [key: string]: Json }[];
}

function endOf(json: Json): Answer | undefined {
  const error = (json as { error?: Json }).error;
  return error === undefined ? undefined : refusal(error);
}

/** Connect's error JSON: a code in small letters, and details as base64 of their binary form. */
function refusal(json: Json): Answer {
  const { code, details } = json as { code?: string; details?: { type: string; value: string }[] };
  const detail = details?.find(({ type }) => type === "google.rpc.ErrorInfo");
  const info = detail && fromBinary(ErrorInfoSchema, base64Decode(detail.value));
  return {
    ok: false,
    code: String(code).toUpperCase(),
    reason: info?.reason ?? "without ErrorInfo",
    metadata: { ...info?.metadata },
  };
}
