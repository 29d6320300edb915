// Servers that have understood nothing, to try the suite on: no MUST may be seen as kept on any of them.

import { createServer as createHttp1Server, type Server } from "node:http";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";

export interface TestTarget {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves these routes over HTTP/1.1 (or HTTP/2 without TLS) on a free port of loopback. */
export async function serveRoutes(
  routes: (router: ConnectRouter) => void,
  http: "1.1" | "2" = "1.1",
): Promise<TestTarget> {
  const handler = connectNodeAdapter({ routes });
  const server: Server | Http2Server = http === "2" ? createServer(handler) : createHttp1Server(handler);
  const sessions = new Set<{ destroy(): void }>();
  server.on(http === "2" ? "session" : "connection", (session: { destroy(): void }) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  };
}

/** UNIMPLEMENTED to everything. */
export function startNullServer(): Promise<TestTarget> {
  return serveRoutes((router) => {
    router.service(UserStatusService, {});
    router.service(AdminService, {});
    router.service(TestingService, {});
  });
}
