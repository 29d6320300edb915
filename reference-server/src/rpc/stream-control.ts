// What the listener puts into the context of each call, for streams: a way to break it off from below, and one to its connection.
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { FrameSink } from "../watch/frame-sink.ts";

/** Ends the call's connection (HTTP/1.1) or stream (HTTP/2) at once, whether or not its reader reads. */
export const breakOffKey: ContextKey<() => void> = createContextKey<() => void>(() => {}, {
  description: "breaks the stream of this call off",
});

/** The connection of a call whose response has begun, as a sink; gives undefined where there is none. */
export const sinkKey: ContextKey<() => FrameSink | undefined> = createContextKey<() => FrameSink | undefined>(
  () => undefined,
  { description: "the connection of this call" },
);
