// Unary calls past the RPC library: read, gate, decode, call, encode, write, with one promise where the library has dozens. Whatever is not plain, and every
// refusal, is handed over to the library, which answers it in its own words: no rule of the protocol stands here twice.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { createMethodSerializationLookup, type MethodSerializationLookup } from "@connectrpc/connect/protocol";
import { withReadyBytes } from "../../rpc/ready-results.ts";
import type { UnaryMethod } from "../../rpc/unary-methods.ts";
import type { GatedCall } from "../auth/gate.ts";
import { answerCompression, type Form, unaryFormOf } from "./forms.ts";
import type { Headers, Wire } from "./wire.ts";

export interface DirectUnaryOptions {
  readonly methods: readonly UnaryMethod[];
  /** Authentication, unobserved: what it refuses goes to the library, whose gate refuses it again. */
  readonly gate: (call: GatedCall) => Promise<void>;
  /** Told of each call that was answered here. */
  readonly onAnswered: (method: HandlerContext["method"], startMs: number) => void;
  /** Most bytes of a request message. */
  readonly readMaxBytes: number;
  readonly onFault: (fault: unknown) => void;
}

/** Takes a call, or leaves it alone and answers false. */
export type DirectCalls = (wire: Wire) => boolean;

interface Served extends UnaryMethod {
  readonly serialization: MethodSerializationLookup<DescMessage, DescMessage>;
}

const envelopeBytes = 5;
/** Shorter answers are never compressed: the library's own bound. */
const compressMinBytes = 1024;
const maxBytes = 0xffff_ffff;

export function createDirectUnary(options: DirectUnaryOptions): DirectCalls {
  const { gate, onAnswered, readMaxBytes, onFault } = options;
  const limits = { readMaxBytes, writeMaxBytes: maxBytes };
  const served = new Map<string, Served>();
  for (const method of options.methods) {
    const { desc } = method;
    const serialization = createMethodSerializationLookup(desc, undefined, undefined, limits);
    served.set(`/${desc.parent.typeName}/${desc.name}`, { ...method, serialization });
  }
  let knownAuthority = "";

  /** The library makes an URL of it, and answers 400 where it can't. */
  const isUsable = (authority: string | undefined): boolean => {
    if (authority === undefined) return false;
    if (authority === knownAuthority) return true;
    if (!URL.canParse(`http://${authority}/`)) return false;
    knownAuthority = authority;
    return true;
  };

  const serve = async (method: Served, form: Form, wire: Wire, startMs: number): Promise<void> => {
    const values = createContextValues();
    if (!(await isAdmitted(gate, method, wire, values))) return wire.handOver({});
    wire.read(readMaxBytes + envelopeBytes, (body) => {
      const message = body.whole ? messageOf(body.chunks, form) : undefined;
      const request = message && parsed(method, form, message);
      if (request === undefined) return wire.handOver({ body });
      method
        .call(request, { values })
        .then(
          (answer) => {
            onAnswered(method.desc, startMs);
            write(method, form, wire, answer).catch(onFault);
          },
          (thrown: unknown) => wire.handOver({ body, refused: { thrown } }),
        )
        .catch(onFault);
    });
  };

  return (wire) => {
    const method = wire.method === "POST" ? served.get(wire.path) : undefined;
    const form = method && unaryFormOf(wire.headers, wire.http2);
    if (method === undefined || form === undefined || !isUsable(wire.authority)) return false;
    // What will be too large is answered by the library before it is read.
    if (Number(wire.headers["content-length"] ?? 0) > readMaxBytes) return false;
    serve(method, form, wire, performance.now()).catch(onFault);
    return true;
  };
}

async function isAdmitted(
  gate: DirectUnaryOptions["gate"],
  { desc }: Served,
  { headers }: Wire,
  values: ContextValues,
): Promise<boolean> {
  try {
    await gate({
      service: desc.parent,
      method: desc,
      requestHeader: { get: (name) => headerOf(headers, name) },
      values,
    });
    return true;
  } catch {
    return false;
  }
}

function headerOf(headers: Wire["headers"], name: string): string | null {
  const value = headers[name.toLowerCase()];
  return typeof value === "string" ? value : null;
}

/** The one message of a body; undefined: it is not one, or is compressed. */
function messageOf(chunks: readonly Uint8Array[], { protocol }: Form): Uint8Array | undefined {
  const [first = new Uint8Array()] = chunks;
  const body = chunks.length > 1 ? Buffer.concat(chunks) : first;
  if (protocol === "connect") return body;
  if (body.length < envelopeBytes || body[0] !== 0) return undefined;
  const length = new DataView(body.buffer, body.byteOffset).getUint32(1);
  return length === body.length - envelopeBytes ? body.subarray(envelopeBytes) : undefined;
}

function parsed({ serialization }: Served, { binary }: Form, message: Uint8Array): Message | undefined {
  try {
    return serialization.getI(binary).parse(message) as Message;
  } catch {
    return undefined;
  }
}

async function write({ desc, serialization }: Served, form: Form, wire: Wire, answer: Message): Promise<void> {
  const { protocol, binary, answerType } = form;
  const message = serialization.getO(binary).serialize(binary ? withReadyBytes(desc, answer) : answer);
  const compression = answerCompression(wire.headers, protocol);
  const isCompressed = compression !== undefined && message.length >= compressMinBytes;
  const body = isCompressed ? await compression.compress(message) : message;
  if (protocol === "grpc") {
    const headers: Headers = {
      "content-type": answerType,
      ...(compression ? { "grpc-encoding": compression.name } : {}),
    };
    wire.answer(headers, enveloped(body, isCompressed ? 1 : 0), { "grpc-status": "0" });
    return;
  }
  const headers: Headers = {
    ...(isCompressed ? { "content-encoding": compression.name } : {}),
    "content-length": String(body.length),
    "content-type": answerType,
  };
  wire.answer(headers, body, undefined);
}

function enveloped(message: Uint8Array, flags: number): Uint8Array {
  const frame = Buffer.allocUnsafe(envelopeBytes + message.length);
  frame[0] = flags;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, envelopeBytes);
  return frame;
}
