import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { type ConnectionLimits, defaultConnectionLimits } from "./connection-limits.ts";
import { createOnePort, type EdgeHandler, type OnePort } from "./one-port.ts";
import { recognise } from "./peek.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const emptySettings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00";

let opened: OnePort[] = [];
afterEach(async () => {
  await Promise.all(opened.map((port) => port.close(0)));
  opened = [];
});

/** Answers with the HTTP version and the size of the body; `/stream` stays open after its first byte. */
const echo: EdgeHandler = (request, response) => {
  if (request.url === "/stream") {
    (response as NodeJS.WritableStream).write("x");
    return;
  }
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  request.on("end", () => response.end(`${request.httpVersion} ${size}`));
};

async function open(
  limits: Partial<ConnectionLimits> = {},
  handler = echo,
): Promise<{ port: OnePort; number: number }> {
  const port = createOnePort({ handler, limits: { ...defaultConnectionLimits, ...limits } });
  opened.push(port);
  return { port, number: await port.listen("127.0.0.1", 0) };
}

async function overHttp2(session: ClientHttp2Session, path: string, body = ""): Promise<string> {
  const stream = session.request({ ":path": path, ":method": "POST" });
  stream.end(body);
  return text(stream);
}

async function raw(number: number, ...parts: string[]): Promise<Socket> {
  const socket = connect({ port: number, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  for (const part of parts) {
    await new Promise<void>((resolve) => socket.write(part, "latin1", () => setImmediate(resolve)));
  }
  return socket;
}

test("the preface is recognised as soon as it can be", () => {
  const bytes = (said: string) => recognise(Buffer.from(said, "latin1"));
  expect([bytes("P"), bytes("PR"), bytes("PRI * HTTP/")]).toEqual([undefined, undefined, undefined]);
  expect([bytes("PRI * HTTP/2"), bytes(preface)]).toEqual(["http2", "http2"]);
  expect([bytes("PO"), bytes("PRI /"), bytes("GET / HTTP/1.1"), bytes("\x16\x03\x01")]).toEqual(Array(4).fill("http1"));
});

describe("one port", () => {
  test("serves HTTP/1.1 and HTTP/2, with bodies", async () => {
    const { number } = await open();
    const answer = await fetch(`http://127.0.0.1:${number}/`, { method: "POST", body: "x".repeat(300_000) });
    expect(await answer.text()).toBe("1.1 300000");
    const session = connectHttp2(`http://127.0.0.1:${number}`);
    expect(await overHttp2(session, "/", "y".repeat(200_000))).toBe("2.0 200000");
    session.destroy();
  });

  test("takes a preface and a request line in pieces", async () => {
    const { number } = await open();
    const h2 = await raw(number, "P", "R", "I * HT", "TP/2.0\r\n\r\nSM\r\n\r\n", emptySettings);
    const [frame] = (await once(h2, "data")) as [Buffer];
    expect(frame[3]).toBe(4);
    h2.destroy();
    const h1 = await raw(number, "P", "OST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab", "c");
    expect(String(await once(h1, "data"))).toMatch(/^HTTP\/1.1 200 OK[\s\S]*1.1 3$/);
    h1.destroy();
  });

  test("answers garbage with 400 and goes on", async () => {
    const { number } = await open();
    const socket = await raw(number, "\x16\x03\x01\x02\x00garbage\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
    const wrongPreface = await raw(number, `${preface}garbage that is no frame at all`);
    wrongPreface.resume();
    await once(wrongPreface, "close");
    expect(await (await fetch(`http://127.0.0.1:${number}/`, { method: "POST" })).text()).toBe("1.1 0");
  });

  test("closes a connection that does not say what it speaks", async () => {
    const { number, port } = await open({ peekMs: 50 });
    const [silent, partial] = [await raw(number), await raw(number, "PRI * HT")];
    await Promise.all([once(silent, "close"), once(partial, "close")]);
    await expect.poll(port.connectionCount).toBe(0);
  });

  test("does not wait for a connection that has said nothing when it closes", async () => {
    const { port, number } = await open();
    const silent = await raw(number);
    const closed = once(silent, "close");
    const accepted = expect.poll(() => port.connectionCount());
    await accepted.toBe(1);
    await port.close(60_000);
    await closed;
  });

  test("closes a connection that takes too long over its request", async () => {
    const { number } = await open({ requestMs: 50, headersMs: 50 });
    const session = connectHttp2(`http://127.0.0.1:${number}`);
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.write("begun, never ended");
    await once(
      stream.on("error", () => {}),
      "close",
    );
    expect(stream.rstCode).toBe(8);
    session.destroy();
  });

  test("refuses headers that are too long", async () => {
    const { number } = await open();
    const answer = await fetch(`http://127.0.0.1:${number}/`, { headers: { x: "y".repeat(20_000) } });
    expect(answer.status).toBe(431);
  });

  test("turns away what is more than the most connections", async () => {
    let dropped = 0;
    const limits = { ...defaultConnectionLimits, maxConnections: 1 };
    const port = createOnePort({ handler: echo, limits, onDrop: () => dropped++ });
    opened.push(port);
    const number = await port.listen("127.0.0.1", 0);
    const first = await raw(number, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(first, "data");
    const second = connect(number, "127.0.0.1");
    second.on("error", () => {}).resume();
    await once(second, "close");
    expect(dropped).toBe(1);
    first.destroy();
  });
});

describe("the end of a connection", () => {
  test.each(["HTTP/1.1", "HTTP/2"])("is seen at once when the client of an open stream closes, %s", async (version) => {
    let closed = false;
    const { number } = await open({}, (request, response) => {
      (response as NodeJS.WritableStream).once("close", () => {
        closed = true;
      });
      echo(request, response);
    });
    if (version === "HTTP/2") {
      const session = connectHttp2(`http://127.0.0.1:${number}`);
      await once(session.request({ ":path": "/stream" }), "data");
      session.destroy();
    } else {
      const socket = await raw(number, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(socket, "data");
      socket.end();
    }
    await expect.poll(() => closed).toBe(true);
  });

  test("a peer that answers no PING is given up", async () => {
    const { number } = await open({ pingIntervalMs: 20, pingTimeoutMs: 20 });
    const socket = await raw(number, preface, emptySettings);
    socket.resume();
    await once(socket, "close");
  });

  test("a peer that answers PINGs stays", async () => {
    const { number, port } = await open({ pingIntervalMs: 5, pingTimeoutMs: 2_000 });
    const session = connectHttp2(`http://127.0.0.1:${number}`);
    for (let pings = 0; pings < 5; pings++) await once(session, "ping");
    expect(port.connectionCount()).toBe(1);
    session.destroy();
  });

  test("closing waits for open calls, ends idle connections, and destroys what is left", async () => {
    const { number, port } = await open();
    await (await fetch(`http://127.0.0.1:${number}/`, { method: "POST" })).text();
    const session = connectHttp2(`http://127.0.0.1:${number}`);
    const stream = session.request({ ":path": "/stream" });
    stream.on("error", () => {});
    await once(stream, "data");
    const goaway = once(session, "goaway");
    const closed = port.close(100);
    await goaway;
    expect(stream.closed).toBe(false);
    await closed;
    await expect.poll(port.connectionCount).toBe(0);
    await expect(fetch(`http://127.0.0.1:${number}/`)).rejects.toThrow();
    session.destroy();
  });
});
