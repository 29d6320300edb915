// A way to break a stream off from below: put into the context of each call by the listener.
import { type ContextKey, createContextKey } from "@connectrpc/connect";

/** Ends the call's connection (HTTP/1.1) or stream (HTTP/2) at once, whether or not its reader reads. */
export const breakOffKey: ContextKey<() => void> = createContextKey<() => void>(() => {}, {
  description: "breaks the stream of this call off",
});
