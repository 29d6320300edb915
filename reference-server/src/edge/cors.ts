// CORS: which web pages may call. Answers preflights, and marks answers that a page may read.
import { cors } from "@connectrpc/connect";
import type { EdgeRequest, EdgeResponse } from "./one-port.ts";

export interface Cors {
  /** Handles one request; true: it was a preflight and is answered. */
  readonly guard: (request: EdgeRequest, response: EdgeResponse) => boolean;
  /** What an answer to a page of this origin has among its headers; for calls that are no preflight. */
  readonly headersFor: (origin: string | undefined) => Readonly<Record<string, string>>;
}

const allowedMethods = cors.allowedMethods.join(", ");
const allowedHeaders = [...cors.allowedHeaders, "Authorization"].join(", ");
const exposedHeaders = cors.exposedHeaders.join(", ");
/** How long a browser may keep the answer to a preflight; Chromium keeps none longer. */
const maxAgeSeconds = 7_200;

/** `origins`: those that may call, such as `https://app.example`; `*` lets any. Empty: no page of another origin. */
export function createCors(origins: readonly string[]): Cors {
  const any = origins.includes("*");
  const allowed = new Set(origins);
  /** Credentials travel in the Authorization header and never as cookies, so the wildcard is safe to send. */
  const allow = (origin: string): string | undefined => (any ? "*" : allowed.has(origin) ? origin : undefined);
  const always = (origin: string): Record<string, string> => {
    const value = allow(origin);
    return {
      ...(any ? {} : { Vary: "Origin" }),
      ...(value === undefined ? {} : { "Access-Control-Allow-Origin": value }),
    };
  };
  const headersFor: Cors["headersFor"] = (origin) => {
    if (origin === undefined || allowed.size === 0) return none;
    const exposed = allow(origin) === undefined ? none : { "Access-Control-Expose-Headers": exposedHeaders };
    return { ...always(origin), ...exposed };
  };
  return {
    headersFor,
    guard: (request, response) => {
      const { origin } = request.headers;
      if (origin === undefined || allowed.size === 0) return false;
      const preflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
      const headers = preflight ? always(origin) : headersFor(origin);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (!preflight) return false;
      if (allow(origin) !== undefined) {
        response.setHeader("Access-Control-Allow-Methods", allowedMethods);
        response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
        response.setHeader("Access-Control-Max-Age", maxAgeSeconds);
      }
      response.statusCode = 204;
      response.end();
      return true;
    },
  };
}

const none: Readonly<Record<string, string>> = {};
