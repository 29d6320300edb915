// CORS: which web pages may call. Answers preflights, and marks answers that a page may read.
import { cors } from "@connectrpc/connect";
import type { EdgeRequest, EdgeResponse } from "./one-port.ts";

/** Handles one request; true: it was a preflight and is answered. */
export type CorsGuard = (request: EdgeRequest, response: EdgeResponse) => boolean;

const allowedMethods = cors.allowedMethods.join(", ");
const allowedHeaders = [...cors.allowedHeaders, "Authorization"].join(", ");
const exposedHeaders = cors.exposedHeaders.join(", ");
/** How long a browser may keep the answer to a preflight; Chromium keeps none longer. */
const maxAgeSeconds = 7_200;

/** `origins`: those that may call, such as `https://app.example`; `*` lets any. Empty: no page of another origin. */
export function createCorsGuard(origins: readonly string[]): CorsGuard {
  const any = origins.includes("*");
  const allowed = new Set(origins);
  return (request, response) => {
    const origin = request.headers.origin;
    if (origin === undefined || allowed.size === 0) return false;
    // Credentials travel in the Authorization header and never as cookies, so the wildcard is safe to send.
    const allow = any ? "*" : allowed.has(origin) ? origin : undefined;
    if (!any) response.setHeader("Vary", "Origin");
    const preflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (allow !== undefined) {
      response.setHeader("Access-Control-Allow-Origin", allow);
      if (preflight) {
        response.setHeader("Access-Control-Allow-Methods", allowedMethods);
        response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
        response.setHeader("Access-Control-Max-Age", maxAgeSeconds);
      } else {
        response.setHeader("Access-Control-Expose-Headers", exposedHeaders);
      }
    }
    if (!preflight) return false;
    response.statusCode = 204;
    response.end();
    return true;
  };
}
