// Frames as bytes: what the RPC library would write for the same events, with one difference: a status that many watch is encoded once.
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { type UserStatus, WatchEventSchema, WatchResponseSchema } from "@userstatus/protocol";
import type { FrameCodec } from "./frame-sink.ts";
import type { Event } from "./watch.ts";

/** Flags and length before each message of a stream: the same in Connect, gRPC and gRPC-Web. */
const envelopeBytes = 5;

/** Encodes frames of one codec. */
export interface FrameEncoder {
  (events: readonly Event[]): Buffer;
  /** The frame of one status. */
  readonly status: (event: Event & { readonly case: "status" }) => Buffer;
}

/** A repeated field of a binary message concatenates: the frame of several events is the frames of each, one behind the other. */
function encodeProto(event: Event): Buffer {
  return enveloped(toBinary(WatchResponseSchema, create(WatchResponseSchema, { events: [{ event }] })));
}

function encodeJson(event: Event): Buffer {
  return enveloped(Buffer.from(toJsonString(WatchEventSchema, create(WatchEventSchema, { event }))));
}

const jsonBegin = Buffer.from('{"events":[');
const jsonComma = Buffer.from(",");
const jsonEnd = Buffer.from("]}");

/** One for each codec of a server. Statuses are remembered for as long as they are: the values must not change. */
export function createFrameEncoder(codec: FrameCodec): FrameEncoder {
  const encode = codec === "proto" ? encodeProto : encodeJson;
  const kept = new WeakMap<UserStatus, Buffer>();
  /** Enveloped, so that for the commonest frame, one status in binary, it is the frame. */
  const one = (event: Event): Buffer => {
    if (event.case !== "status") return encode(event);
    const found = kept.get(event.value);
    if (found) return found;
    const made = encode(event);
    kept.set(event.value, made);
    return made;
  };
  const join = codec === "proto" ? joinProto : joinJson;
  // Watchers of the same users get the same frames, one after the other.
  let last: readonly Event[] = [];
  let lastFrame = join([]);
  let lastStatus: Event | undefined;
  let lastStatusFrame = lastFrame;
  const frameOf = (events: readonly Event[]): Buffer => {
    const [only] = events;
    if (codec === "proto" && only && events.length === 1) return one(only);
    if (sameStatuses(events, last)) return lastFrame;
    last = events;
    lastFrame = join(events.map((event) => one(event).subarray(envelopeBytes)));
    return lastFrame;
  };
  return Object.assign(frameOf, {
    status: (event: Event & { readonly case: "status" }): Buffer => {
      if (event === lastStatus) return lastStatusFrame;
      lastStatus = event;
      lastStatusFrame = codec === "proto" ? one(event) : join([one(event).subarray(envelopeBytes)]);
      return lastStatusFrame;
    },
  });
}

function sameStatuses(events: readonly Event[], last: readonly Event[]): boolean {
  if (events.length !== last.length) return false;
  for (let at = 0; at < events.length; at++) {
    const event = events[at];
    if (event?.case !== "status" || event.value !== last[at]?.value) return false;
  }
  return true;
}

function joinProto(bodies: readonly Buffer[]): Buffer {
  return joined(bodies);
}

function joinJson(bodies: readonly Buffer[]): Buffer {
  return joined([jsonBegin, ...bodies.flatMap((body, at) => (at === 0 ? [body] : [jsonComma, body])), jsonEnd]);
}

function enveloped(body: Uint8Array): Buffer {
  return joined([body]);
}

function joined(parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const frame = Buffer.allocUnsafeSlow(envelopeBytes + length);
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
  let at = envelopeBytes;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}
