// Keep-alive of HTTP/2 connections: a peer that does not answer a PING in time is gone, and its streams with it.
import type { Http2Session } from "node:http2";

export interface PingOptions {
  /** Wait between an answer and the next PING. */
  readonly intervalMs: number;
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

/** Pings the session until it closes, and destroys it on silence. */
export function keepPinging(session: Http2Session, { intervalMs, timeoutMs }: PingOptions): void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    timer = setTimeout(ping, intervalMs);
    timer.unref();
  };
  const ping = (): void => {
    // Destroyed, and not yet closed: the event comes in a later turn than a timer may.
    if (session.destroyed) return;
    timer = setTimeout(() => session.destroy(), timeoutMs);
    timer.unref();
    session.ping((error) => {
      clearTimeout(timer);
      if (error === null && !session.destroyed) arm();
    });
  };
  session.once("close", () => clearTimeout(timer));
  arm();
}
