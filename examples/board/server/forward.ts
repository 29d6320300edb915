// Hands calls on to the reference server, so that page and calls have one address: one port for a phone to reach, no preflights.
import { Agent, type IncomingMessage, request as requestUpstream, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";

export interface Forwarder {
  /** Takes the request if its path is one that is handed on. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Lets go of the connections that it keeps. */
  readonly close: () => void;
}

/** Headers of one hop, which are not handed on. */
const hopByHop: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "host"]);

/** @param targets path prefix to `http://host:port` */
export function createForwarder(targets: Readonly<Record<string, string>>): Forwarder {
  const agent = new Agent({ keepAlive: true });
  return {
    handle: (request, response) => {
      const path = request.url ?? "/";
      const target = Object.entries(targets).find(([prefix]) => path.startsWith(prefix))?.[1];
      if (target === undefined) return false;
      handOn(request, response, new URL(path, target), agent);
      return true;
    },
    close: () => agent.destroy(),
  };
}

function handOn(request: IncomingMessage, response: ServerResponse, url: URL, agent: Agent): void {
  const { method, headers } = request;
  const upstream = requestUpstream(url, { method, headers: withoutHops(headers), agent });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers));
    // A stream's first bytes may be long in coming; the caller must see that it is open.
    response.flushHeaders();
    // Whichever side breaks off, the other is broken off: to the server, a page that went is a link that was lost.
    pipeline(answer, response, () => {});
  });
  upstream.on("error", () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { "Content-Type": "text/plain; charset=utf-8" }).end("the server was not reached\n");
  });
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

function withoutHops(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}
