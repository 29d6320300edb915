// One HTTP/2 connection at a time to one server. The RPC library's own manager leaves a connection without an error
// listener while it
// gives it up; a server that does not speak HTTP/2 would end the process.
import * as http2 from "node:http2";
import type { Duplex } from "node:stream";

export interface H2Session {
  readonly authority: string;
  readonly request: (
    method: string,
    path: string,
    headers: http2.OutgoingHttpHeaders,
    options: Omit<http2.ClientSessionRequestOptions, "signal">,
  ) => Promise<http2.ClientHttp2Stream>;
  readonly notifyResponseByteRead: () => void;
  /** Ends the connection and every stream on it. */
  readonly close: () => void;
}

/** Connects with the first request, and anew if the connection is gone. */
export function createH2Session(baseUrl: string, connect: () => Duplex): H2Session {
  const authority = new URL(baseUrl).origin;
  let current: { readonly session: http2.ClientHttp2Session; readonly connected: Promise<void> } | undefined;
  const open = (): NonNullable<typeof current> => {
    const session = http2.connect(authority, { createConnection: connect });
    const connected = new Promise<void>((resolve, reject) => {
      session.once("connect", () => resolve());
      session.on("error", reject);
      session.once("close", () => reject(new Error("ECONNRESET: the connection was closed")));
    });
    connected.catch(() => undefined);
    session.once("goaway", () => {
      if (current?.session === session) current = undefined;
    });
    return { session, connected };
  };
  return {
    authority,
    request: async (method, path, headers, options) => {
      if (current === undefined || current.session.closed || current.session.destroyed) current = open();
      const { session, connected } = current;
      await connected;
      return session.request({ ...headers, ":method": method, ":path": path }, options);
    },
    notifyResponseByteRead: () => undefined,
    close: () => current?.session.destroy(),
  };
}
