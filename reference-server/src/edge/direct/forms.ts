// Which requests are served without the RPC library: those of the common forms, with nothing about them that needs a second look.
import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { constants, gzip, gzipSync } from "node:zlib";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { compressionGzip } from "@connectrpc/connect-node";

/** How calls of one kind and protocol are written on the wire. */
interface Framing {
  readonly protocol: "connect" | "grpc";
  /** Whether messages stand in envelopes. */
  readonly enveloped: boolean;
  /** Header that names the compression of messages. */
  readonly encodingName: string;
  /** Header that names the compressions that the caller takes. */
  readonly acceptName: string;
}

export interface Form extends Framing {
  readonly binary: boolean;
  /** Content type of an answer that is no refusal. */
  readonly answerType: string;
}

const grpc: Framing = {
  protocol: "grpc",
  enveloped: true,
  encodingName: "grpc-encoding",
  acceptName: "grpc-accept-encoding",
};
const connectUnary: Framing = {
  protocol: "connect",
  enveloped: false,
  encodingName: "content-encoding",
  acceptName: "accept-encoding",
};
const connectStream: Framing = {
  protocol: "connect",
  enveloped: true,
  encodingName: "connect-content-encoding",
  acceptName: "connect-accept-encoding",
};

const grpcProto: Form = { ...grpc, binary: true, answerType: "application/grpc+proto" };
const grpcJson: Form = { ...grpc, binary: false, answerType: "application/grpc+json" };
const unaryProto: Form = { ...connectUnary, binary: true, answerType: "application/proto" };
const unaryJson: Form = { ...connectUnary, binary: false, answerType: "application/json" };
const streamProto: Form = { ...connectStream, binary: true, answerType: "application/connect+proto" };
const streamJson: Form = { ...connectStream, binary: false, answerType: "application/connect+json" };

/** Forms by content type of the request; the library knows more spellings. */
export type Forms = ReadonlyMap<string, Form>;

const grpcForms: readonly [string, Form][] = [
  ["application/grpc", grpcProto],
  ["application/grpc+proto", grpcProto],
  ["application/grpc+json", grpcJson],
];

export const unaryForms: Forms = new Map([
  ...grpcForms,
  ["application/proto", unaryProto],
  ["application/json", unaryJson],
  ["application/json; charset=utf-8", unaryJson],
]);

/** Of calls whose answer is a stream. */
export const streamForms: Forms = new Map([
  ...grpcForms,
  ["application/connect+proto", streamProto],
  ["application/connect+json", streamJson],
]);

/** The form of a request; undefined: the library is to have a look at it. */
export function formOf(forms: Forms, headers: IncomingHttpHeaders, http2: boolean): Form | undefined {
  const form = forms.get(headers["content-type"] ?? "");
  if (form === undefined || headers.expect !== undefined) return undefined;
  // Trailers in chunks of HTTP/1.1 are not worth a way of their own.
  if (form.protocol === "grpc" && !http2) return undefined;
  const encoding = headers[form.encodingName];
  const isPlain = encoding === undefined || encoding === "identity";
  return isPlain && timeoutOf(headers, form) !== "refused" ? form : undefined;
}

/** Greatest deadline of a caller. More would overflow timers, and end the call at once. */
export const maxTimeoutMs: number = 2 ** 31 - 1;

/** How long the call may take, in milliseconds; undefined: for as long as it takes. One that is refused is the library's to refuse. */
export function timeoutOf(headers: IncomingHttpHeaders, { protocol }: Form): number | undefined | "refused" {
  const value = headers[protocol === "grpc" ? "grpc-timeout" : "connect-timeout-ms"];
  if (value === undefined) return undefined;
  if (typeof value !== "string") return "refused";
  const parse = protocol === "grpc" ? parseGrpcTimeout : parseConnectTimeout;
  const { timeoutMs, error } = parse(value, maxTimeoutMs);
  return error === undefined ? timeoutMs : "refused";
}

const deflate = promisify(gzip);

/** Up to here compressing takes less than the way to another thread and back: 30 µs of some 100 for 10 KB. */
const compressHereBytesMax = 16 * 1024;

/** Gzip at its quickest: a query of 500 takes less than a third of the CPU of the usual level, and a tenth more bytes. */
const quickGzip: Compression = {
  ...compressionGzip,
  compress: async (bytes) => {
    const options = { level: constants.Z_BEST_SPEED };
    return bytes.length <= compressHereBytesMax ? gzipSync(bytes, options) : deflate(bytes, options);
  },
};

/** What answers may be compressed with. Not brotli: the library compresses with its slowest setting, much work for little. */
export const acceptedCompressions: readonly Compression[] = [quickGzip];

/** The compression that the caller takes. */
export function answerCompression(headers: IncomingHttpHeaders, { acceptName }: Form): Compression | undefined {
  const accepted = headers[acceptName];
  if (typeof accepted !== "string") return undefined;
  return compressionNegotiate([...acceptedCompressions], null, accepted, acceptName).response ?? undefined;
}

/** Headers of an answer in envelopes, sorted as the library sorts them. */
export function envelopedHeaders(form: Form, compression: Compression | undefined): Readonly<Record<string, string>> {
  const type = { "content-type": form.answerType };
  if (compression === undefined) return type;
  const encoding = { [form.encodingName]: compression.name };
  return form.protocol === "grpc" ? { ...type, ...encoding } : { ...encoding, ...type };
}
