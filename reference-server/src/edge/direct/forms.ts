// Which requests are served without the RPC library: those of the common forms, with nothing about them that needs a second look.
import type { IncomingHttpHeaders } from "node:http";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { compressionGzip } from "@connectrpc/connect-node";

/** How a call is written on the wire. */
export interface Form {
  readonly protocol: "connect" | "grpc";
  readonly binary: boolean;
  /** Content type of an answer that is no refusal. */
  readonly answerType: string;
}

const grpcProto: Form = { protocol: "grpc", binary: true, answerType: "application/grpc+proto" };
const grpcJson: Form = { protocol: "grpc", binary: false, answerType: "application/grpc+json" };
const connectProto: Form = { protocol: "connect", binary: true, answerType: "application/proto" };
const connectJson: Form = { protocol: "connect", binary: false, answerType: "application/json" };

/** By content type of the request; the library knows more spellings. */
const unaryForms: ReadonlyMap<string, Form> = new Map([
  ["application/grpc", grpcProto],
  ["application/grpc+proto", grpcProto],
  ["application/grpc+json", grpcJson],
  ["application/proto", connectProto],
  ["application/json", connectJson],
  ["application/json; charset=utf-8", connectJson],
]);

/** The form of a unary request; undefined: the library is to have a look at it. */
export function unaryFormOf(headers: IncomingHttpHeaders, http2: boolean): Form | undefined {
  const form = unaryForms.get(headers["content-type"] ?? "");
  if (form === undefined || headers.expect !== undefined) return undefined;
  // Trailers in chunks of HTTP/1.1 are not worth a way of their own.
  if (form.protocol === "grpc" && !http2) return undefined;
  return isPlain(headers, form.protocol) ? form : undefined;
}

function isPlain(headers: IncomingHttpHeaders, protocol: Form["protocol"]): boolean {
  return protocol === "connect"
    ? isAbsent(headers["content-encoding"]) && isGoodTimeout(headers["connect-timeout-ms"], parseConnectTimeout)
    : isAbsent(headers["grpc-encoding"]) && isGoodTimeout(headers["grpc-timeout"], parseGrpcTimeout);
}

function isAbsent(encoding: string | string[] | undefined): boolean {
  return encoding === undefined || encoding === "identity";
}

/** Greatest deadline of a caller. More would overflow timers, and end the call at once. */
export const maxTimeoutMs: number = 2 ** 31 - 1;

/** A deadline that is refused is the library's to refuse. One that is fine changes nothing: no unary method here waits for others. */
function isGoodTimeout(value: string | string[] | undefined, parse: typeof parseConnectTimeout): boolean {
  if (value === undefined) return true;
  return typeof value === "string" && parse(value, maxTimeoutMs).error === undefined;
}

/** What answers may be compressed with. Not brotli: the library compresses with its slowest setting, much work for little. */
export const acceptedCompressions: readonly Compression[] = [compressionGzip];

/** The compression that the caller takes. */
export function answerCompression(headers: IncomingHttpHeaders, protocol: Form["protocol"]): Compression | undefined {
  const name = protocol === "grpc" ? "grpc-accept-encoding" : "accept-encoding";
  const accepted = headers[name];
  if (typeof accepted !== "string") return undefined;
  return compressionNegotiate([...acceptedCompressions], null, accepted, name).response ?? undefined;
}
