// Sends each call to one of several servers, drawn anew each time: HTTP/1.1 requests and HTTP/2 streams alike. For proofs that it does not matter which node a call meets; a
// balancer for production keeps connections together.
import { Agent, type IncomingMessage, request as requestHttp1, type ServerResponse } from "node:http";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from "node:http2";
import { defaultConnectionLimits } from "../../edge/connection-limits.ts";
import { createOnePort } from "../../edge/one-port.ts";

export interface Balancer {
  readonly url: string;
  /** Calls sent to each server. */
  readonly counts: () => readonly number[];
  readonly close: () => Promise<void>;
}

export interface BalancerOptions {
  /** Base URLs of the servers. */
  readonly servers: readonly string[];
  /** From 0 to 1. */
  readonly random: () => number;
  /** 0: the system chooses. */
  readonly port?: number;
}

/** Streams that one connection to a server carries. */
const streamsMax = 200;
/** Headers of one connection, which don't pass (RFC 9110, 7.6.1). */
const ofConnection = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

export async function startBalancer({ servers, random, port = 0 }: BalancerOptions): Promise<Balancer> {
  const counts = servers.map(() => 0);
  const agent = new Agent({ keepAlive: true });
  const pools = servers.map(createPool);
  const draw = (): number => {
    const at = Math.min(servers.length - 1, Math.floor(random() * servers.length));
    counts[at] = (counts[at] ?? 0) + 1;
    return at;
  };
  const front = createOnePort({
    limits: { ...defaultConnectionLimits, requestMs: 600_000 },
    handler: (request, response) => {
      const at = draw();
      if ("stream" in request) passHttp2(request, response as Http2ServerResponse, pools[at]?.() as ClientHttp2Session);
      else passHttp1(request, response as ServerResponse, { agent, server: servers[at] ?? "" });
    },
  });
  const bound = await front.listen("127.0.0.1", port);
  return {
    url: `http://127.0.0.1:${bound}`,
    counts: () => [...counts],
    close: async () => {
      await front.close(0);
      agent.destroy();
      for (const pool of pools) pool.close();
    },
  };
}

function passHttp1(
  request: IncomingMessage,
  response: ServerResponse,
  { agent, server }: { readonly agent: Agent; readonly server: string },
): void {
  const { method, url: path, headers } = request;
  const { hostname, port } = new URL(server);
  const onward = requestHttp1({ agent, hostname, port, method, path, headers: passing(headers) });
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, passing(answer.headers));
    response.flushHeaders();
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  request.pipe(onward);
  onward.on("error", () => {
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  // An answer may come before the call is whole: what the client still sends is thrown away, so that his next call is heard.
  onward.on("close", () => request.unpipe().resume());
  response.on("close", () => onward.destroy());
}

function passHttp2(request: Http2ServerRequest, response: Http2ServerResponse, session: ClientHttp2Session): void {
  const { stream: near } = response;
  const far: ClientHttp2Stream = session.request(passing(request.headers), { endStream: false });
  request.pipe(far);
  far.on("response", ({ ":status": status, ...headers }) => {
    if (near.destroyed || near.headersSent) return;
    response.writeHead(status ?? 502, passing(headers));
    far.on("trailers", (trailers) => response.addTrailers(passing(trailers)));
    far.pipe(response);
  });
  far.on("error", () => {});
  near.on("error", () => {});
  far.on("close", () => {
    if (!near.destroyed && !near.writableEnded) near.close(far.rstCode || constants.NGHTTP2_INTERNAL_ERROR);
  });
  near.on("close", () => {
    if (!far.destroyed) far.close(near.rstCode || constants.NGHTTP2_CANCEL);
  });
}

function passing<T extends IncomingHttpHeaders>(headers: T): Record<string, string | string[]> {
  const pairs = Object.entries(headers).filter(([name]) => !ofConnection.has(name));
  return Object.fromEntries(pairs) as Record<string, string | string[]>;
}

interface Pool {
  (): ClientHttp2Session;
  readonly close: () => void;
}

/** Connections to one server, each with some streams. */
function createPool(server: string): Pool {
  const sessions: { readonly session: ClientHttp2Session; streams: number }[] = [];
  const pool = (): ClientHttp2Session => {
    let place = sessions.find(({ session, streams }) => !session.closed && !session.destroyed && streams < streamsMax);
    if (place === undefined) {
      place = { session: connectHttp2(server), streams: 0 };
      place.session.on("error", () => {});
      place.session.setMaxListeners(0);
      sessions.push(place);
    }
    // Streams end one by one; a connection that had its share is left to them.
    place.streams++;
    return place.session;
  };
  return Object.assign(pool, {
    close: () => {
      for (const { session } of sessions) session.destroy();
    },
  });
}
