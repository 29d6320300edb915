// Seams of the edge: who a token names, and bytes below the methods.
import type { Authenticator, EdgeHandler } from "@userstatus/server";

export interface EdgeDefect {
  readonly authenticator?: (authenticator: Authenticator) => Authenticator;
  /** Stands between the listeners and their handlers, for HTTP/1.1 and HTTP/2 alike. */
  readonly handler?: (next: EdgeHandler) => EdgeHandler;
}
