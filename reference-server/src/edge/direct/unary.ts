// Unary calls past the RPC library: one promise or two where the library has dozens. Every refusal is handed over to the library, which answers it in its own
// words: no rule of the protocol stands here twice.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { withReadyBytes } from "../../rpc/ready-results.ts";
import type { UnaryMethod } from "../../rpc/unary-methods.ts";
import { type Begin, type Begun, type Coded, codedOf, type DirectCalls, pathOf } from "./begin.ts";
import { isCompressed, packed } from "./envelopes.ts";
import { answerCompression, envelopedHeaders, type Form, unaryForms } from "./forms.ts";
import type { Headers } from "./wire.ts";

export interface DirectUnaryOptions {
  readonly begin: Begin;
  readonly methods: readonly UnaryMethod[];
  /** Told of each call that was answered here. */
  readonly onAnswered: (method: DescMethod, startMs: number) => void;
  readonly readMaxBytes: number;
}

interface Served extends UnaryMethod, Coded {}

const okTrailers: Headers = { "grpc-status": "0" };

export function createDirectUnary({ begin, methods, onAnswered, readMaxBytes }: DirectUnaryOptions): DirectCalls {
  const served = new Map<string, Served>();
  for (const method of methods) served.set(pathOf(method.desc), { ...codedOf(method.desc, readMaxBytes), ...method });

  const serve = async (method: Served, begun: Begun): Promise<void> => {
    const { wire, form, request, values, body, startMs } = begun;
    let message: Uint8Array;
    try {
      message = encoded(method, form, await method.call(request, { values }));
    } catch (thrown) {
      return wire.handOver({ body, refused: { thrown } });
    }
    onAnswered(method.desc, startMs);
    await write(begun, message);
  };

  return (wire) => {
    const method = wire.method === "POST" ? served.get(wire.path) : undefined;
    return method !== undefined && begin(method, unaryForms, wire, (begun) => serve(method, begun));
  };
}

function encoded({ desc, serialization }: Served, { binary }: Form, answer: Message): Uint8Array {
  return serialization.getO(binary).serialize(binary ? withReadyBytes(desc, answer) : answer);
}

async function write({ wire, form }: Begun, message: Uint8Array): Promise<void> {
  const { protocol, answerType, encodingName } = form;
  const compression = answerCompression(wire.headers, form);
  if (protocol === "grpc") {
    wire.answer(envelopedHeaders(form, compression), await packed(message, compression), okTrailers);
    return;
  }
  const compressed = isCompressed(message.length, compression);
  const body = compressed ? await compression.compress(message) : message;
  const headers: Headers = {
    ...(compressed ? { [encodingName]: compression.name } : {}),
    "content-length": String(body.length),
    "content-type": answerType,
  };
  wire.answer(headers, body, undefined);
}
