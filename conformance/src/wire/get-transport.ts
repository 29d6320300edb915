// Reads by GET where the URL keeps within what is promised (SPEC §3: transport-get), else by POST.
import { create, type DescMessage, type MessageInitShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Transport } from "@connectrpc/connect";

/** Longest URL that `http_get` promises, in bytes. */
export const getUrlMaxBytes = 4096;
const parametersBytes = 80;

interface GetOptions {
  readonly byPost: Transport;
  readonly byGet: Transport;
  readonly baseUrl: string;
  readonly json: boolean;
}

export function preferGet(options: GetOptions): Transport {
  const { byPost, byGet, baseUrl, json } = options;
  return {
    unary: (method, signal, timeoutMs, header, input, context) => {
      const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
      const pathBytes = baseUrl.length + method.parent.typeName.length + method.name.length + 2;
      const fits = isRead && pathBytes + parametersBytes + messageBytes(method.input, input, json) <= getUrlMaxBytes;
      return (fits ? byGet : byPost).unary(method, signal, timeoutMs, header, input, context);
    },
    stream: (...call) => byPost.stream(...call),
  };
}

function messageBytes<I extends DescMessage>(schema: I, input: MessageInitShape<I>, json: boolean): number {
  const message = create(schema, input);
  if (json) return encodeURIComponent(toJsonString(schema, message)).length;
  return Math.ceil((toBinary(schema, message).length * 4) / 3) + 2;
}
