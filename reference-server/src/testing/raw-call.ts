// One streaming call, taken as it comes over the wire: every byte of the answer, for tests that compare answers.
import { connect as connectHttp2 } from "node:http2";
import { connect as connectNet } from "node:net";

export interface RawCall {
  /** All there is so far, but for the date; bytes of the body as Latin-1. */
  readonly seen: () => string;
  /** Answers when the text stands in what came, or when the answer is over. */
  readonly until: (text: string) => Promise<void>;
  readonly ended: Promise<void>;
  /** Goes away without a word. */
  readonly destroy: () => void;
}

export interface RawRequest {
  readonly port: number;
  readonly http: "1.1" | "2";
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Over HTTP/1.1 in chunks, so that its length is not told before; over HTTP/2 it never is. */
  readonly chunked?: boolean;
}

export function rawCall(request: RawRequest): RawCall {
  let text = "";
  let over = false;
  let look = (): void => {};
  const add = (more: string): void => {
    text += more;
    look();
  };
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = () => {
      over = true;
      look();
      resolve();
    };
  });
  const destroy = request.http === "2" ? overHttp2(request, add, end) : overHttp1(request, add, end);
  return {
    seen: () => text.replace(/^date: .*\r\n/im, ""),
    until: (wanted) =>
      new Promise((resolve) => {
        look = () => {
          if (over || text.includes(wanted)) resolve();
        };
        look();
      }),
    ended,
    destroy,
  };
}

function overHttp1(
  { port, method = "POST", path, headers, body, chunked = false }: RawRequest,
  add: (more: string) => void,
  end: () => void,
) {
  const socket = connectNet(port, "127.0.0.1");
  const length = chunked ? { "transfer-encoding": "chunked" } : { "content-length": String(body.length) };
  const lines = Object.entries({ host: "127.0.0.1", ...headers, ...length });
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  if (chunked) socket.write(`${body.length.toString(16)}\r\n`);
  socket.write(body);
  if (chunked) socket.write("\r\n0\r\n\r\n");
  socket.setEncoding("latin1");
  // The connection stays open behind the answer.
  let all = "";
  socket.on("data", (data: string) => {
    add(data);
    all += data;
    if (isWhole(all)) socket.end();
  });
  socket.on("error", () => {}).on("close", end);
  return () => socket.destroy();
}

function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, headEnd))?.[1];
  if (length !== undefined) return answer.length >= headEnd + 4 + Number(length);
  return /\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(answer);
}

function overHttp2(
  { port, method = "POST", path, headers, body }: RawRequest,
  add: (more: string) => void,
  end: () => void,
) {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const stream = session.request({ ":method": method, ":path": path, ...headers }, { endStream: false });
  const lines = (of: object): string =>
    Object.entries(of)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
  stream.on("response", (of) => add(lines(of)));
  stream.on("trailers", (of) => add(lines(of)));
  stream.on("data", (data: Buffer) => add(data.toString("latin1")));
  stream.on("error", () => {});
  stream.on("close", () => {
    session.close();
    end();
  });
  stream.end(body);
  return () => session.destroy();
}

/** A message in its envelope. */
export function envelope(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
