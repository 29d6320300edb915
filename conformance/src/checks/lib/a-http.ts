// Connect below the method: URLs of GET, bodies of POST, envelopes of streams. For checks of what a typed client can't send.
import { type DescMessage, fromBinary, fromJson, type MessageShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { Bench } from "../../check.ts";

const service = "/userstatus.v1.UserStatusService/";

/** An exchange as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** The path of a method. */
export function methodPath(method: string): string {
  return `${service}${method}`;
}

/** A unary POST with this content type. */
export function post(
  t: Bench,
  method: string,
  contentType: string | undefined,
  body: string | Uint8Array,
  token?: string,
): Promise<Answer> {
  const headers = {
    "connect-protocol-version": "1",
    ...(contentType === undefined ? {} : { "content-type": contentType }),
  };
  return t.wire.http({ method: "POST", path: methodPath(method), headers, body, ...(token ? { token } : {}) });
}

/** A unary POST in ProtoJSON; fails the check unless it is answered, and the answer is ProtoJSON of this type. */
export async function postJson<D extends DescMessage>(
  t: Bench,
  method: string,
  body: unknown,
  answerType: D,
  token: string,
): Promise<MessageShape<D>> {
  const answer = await post(t, method, "application/json", JSON.stringify(body), token);
  t.equal(answer.status, 200, `HTTP status of ${method} in JSON`);
  t.ok(
    (answer.headers["content-type"] ?? "").startsWith("application/json"),
    `${method} in JSON answers in JSON`,
    answer.headers,
  );
  return fromJson(answerType, JSON.parse(textOfBody(answer.body)), { ignoreUnknownFields: true });
}

/** A unary POST of a message; fails the check unless it is answered. */
export async function postMessage<I extends DescMessage, O extends DescMessage>(
  t: Bench,
  call: { method: string; input: I; output: O; message: MessageShape<I>; token: string },
): Promise<MessageShape<O>> {
  const answer = await post(t, call.method, "application/proto", toBinary(call.input, call.message), call.token);
  t.equal(answer.status, 200, `HTTP status of ${call.method}`);
  return fromBinary(call.output, answer.body);
}

/** The path of a Connect GET, binary or in JSON; `padding` blanks behind the JSON (three characters each) make it longer. */
export function getPath<D extends DescMessage>(
  method: string,
  type: D,
  message: MessageShape<D>,
  codec: "proto" | "json",
  padding: number = 0,
): string {
  const query =
    codec === "json"
      ? `connect=v1&encoding=json&message=${encodeURIComponent(toJsonString(type, message))}${"%20".repeat(padding)}`
      : `connect=v1&base64=1&encoding=proto&message=${Buffer.from(toBinary(type, message)).toString("base64url")}`;
  return `${methodPath(method)}?${query}`;
}

/** The path of a Connect GET in binary, with the padding that its base64 may have; it is percent-encoded. */
export function paddedGetPath<D extends DescMessage>(method: string, type: D, message: MessageShape<D>): string {
  const beyond = toBinary(type, message).length % 3;
  return `${getPath(method, type, message, "proto")}${"%3D".repeat(beyond === 0 ? 0 : 3 - beyond)}`;
}

/** A Connect GET. */
export function get(t: Bench, path: string, token: string): Promise<Answer> {
  return t.wire.http({ method: "GET", path, token });
}

/** The body as text. */
export function textOfBody(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

/** Puts a message of a stream into its envelope. `length` other than that of the data makes a truncated one. */
export function envelope(data: Uint8Array, length: number = data.length): Uint8Array {
  const framed = new Uint8Array(5 + data.length);
  new DataView(framed.buffer).setUint32(1, length);
  framed.set(data, 5);
  return framed;
}

/** One envelope of a stream: the last one has bit 2 of the flags set. */
export interface Envelope {
  readonly last: boolean;
  readonly data: Uint8Array;
}

/** Takes a body of a stream apart. What is cut off at its end is left out. */
export function envelopes(body: Uint8Array): readonly Envelope[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const found: Envelope[] = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const length = view.getUint32(at + 1);
    if (at + 5 + length > body.length) break;
    found.push({ last: (view.getUint8(at) & 2) !== 0, data: body.subarray(at + 5, at + 5 + length) });
    at += 5 + length;
  }
  return found;
}

/** Whether a stream was refused: by its HTTP status, or by the error in its last envelope. */
export function streamRefused(answer: Answer): boolean {
  if (answer.status !== 200) return true;
  const last = envelopes(answer.body).find((entry) => entry.last);
  return last !== undefined && textOfBody(last.data).includes('"error"');
}
