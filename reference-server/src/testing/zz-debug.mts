import { startEdgeServer } from "./edge-server.ts";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import http2 from "node:http2";
const server = await startEdgeServer();
const orig = http2.connect;
const c = createClient(UserStatusService, createGrpcTransport({ baseUrl: server.urls.url }));
try { await c.queryStatuses({ sessionId: "x".repeat(4*1024*1024+1), userIds: ["a"] }, { headers: { Authorization: "Bearer dev:demo:alice" } }); } catch (e) { console.log(String(e)); }
console.error("=== stopping"); console.time("stop"); server.stop().then(() => { console.timeEnd("stop"); process.exit(); });
