// Lets pages of any origin call the scripted server: a client under test may run in a browser.
import type { IncomingMessage, ServerResponse } from "node:http";
import { cors } from "@connectrpc/connect";
import type { Handler } from "./port.ts";

const allowed = {
  "Access-Control-Allow-Methods": [...cors.allowedMethods].join(", "),
  "Access-Control-Allow-Headers": [...cors.allowedHeaders, "Authorization"].join(", "),
  "Access-Control-Max-Age": "7200",
};

/** Answers what a browser asks before a call, and says of each answer that its page may read it. */
export function withCors(handler: Handler): Handler {
  return (request, response) => {
    const { origin } = request.headers;
    if (origin === undefined) return handler(request, response);
    const plain = response as ServerResponse<IncomingMessage>;
    plain.setHeader("Access-Control-Allow-Origin", origin);
    plain.setHeader("Access-Control-Expose-Headers", [...cors.exposedHeaders].join(", "));
    if (request.method !== "OPTIONS") return handler(request, response);
    for (const [name, value] of Object.entries(allowed)) plain.setHeader(name, value);
    plain.writeHead(204).end();
  };
}
