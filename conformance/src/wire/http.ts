// One HTTP/1.1 exchange as bytes, for checks below the method.
import * as http from "node:http";
import * as https from "node:https";
import { CheckFailure } from "../failure.ts";

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly agent: http.Agent;
  readonly timeoutMs: number;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

const bodyMaxBytes = 16 * 1024 * 1024;

/** Sends it and reads the answer whole. A connection that breaks before there is one fails the check. */
export function exchange(request: RawRequest): Promise<RawResponse> {
  const { method, url, headers, body, agent, timeoutMs } = request;
  const what = `an answer to ${method} ${new URL(url).pathname}`;
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? https.request : http.request;
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const call = send(url, {
      method,
      agent,
      headers: { ...length, ...headers },
      signal: AbortSignal.timeout(timeoutMs),
    });
    let answered = false;
    call.on("response", (response) => {
      answered = true;
      readAll(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: flatten(response.headers), body: bytes }),
        (error: unknown) => reject(new CheckFailure(`${what} must be readable`, "a whole body", String(error), error)),
      );
    });
    call.on("error", (error) => {
      // A server may answer and close while the request is still being sent.
      if (!answered) reject(new CheckFailure(`${what} must come`, `one within ${timeoutMs} ms`, String(error), error));
    });
    call.end(body);
  });
}

async function readAll(response: http.IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyMaxBytes) throw new RangeError(`more than ${bodyMaxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function flatten(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
