import { connect as connectHttp2 } from "node:http2";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EdgeServer, startEdgeServer } from "../testing/edge-server.ts";
import { testCert, testKey } from "../testing/tls-fixture.ts";

let server: EdgeServer;
beforeAll(async () => {
  const flags = ["--dev", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
  server = await startEdgeServer(flags, { "cert.pem": testCert, "key.pem": testKey });
});
afterAll(() => server.stop());

test("TLS serves HTTP/1.1 and HTTP/2 by ALPN", async () => {
  expect(server.urls.url).toMatch(/^https:/);
  const viaHttp1 = await new Promise<string>((resolve, reject) => {
    get(`${server.urls.url}/healthz`, { ca: testCert }, (response) => resolve(text(response))).on("error", reject);
  });
  expect(viaHttp1).toBe("ok\n");
  const session = connectHttp2(server.urls.url, { ca: testCert });
  const stream = session.request({ ":path": "/healthz" });
  expect(await text(stream)).toBe("ok\n");
  expect(session.alpnProtocol).toBe("h2");
  session.destroy();
});

test("gRPC works over TLS", async () => {
  const transport = createGrpcTransport({ baseUrl: server.urls.url, nodeOptions: { ca: testCert } });
  const info = await createClient(UserStatusService, transport).getServerInfo({});
  expect(info.specVersion).toBe("1.0");
});
