// The limits that a server advertises, as the client uses them.
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { GetServerInfoResponse } from "@userstatus/protocol";

/** Most ids per call. 0: the server did not say; then batches go out one by one. */
export interface BatchLimits {
  readonly query: number;
  readonly subscribe: number;
  readonly unsubscribe: number;
  readonly list: number;
}

/** Reads the limits of a server's info. */
export function batchLimits(info: GetServerInfoResponse | undefined): BatchLimits {
  const subscription = info?.profile?.subscription;
  return {
    query: info?.profile?.query?.batchMax ?? 0,
    subscribe: subscription?.subscribeBatchMax ?? 0,
    unsubscribe: subscription?.unsubscribeBatchMax ?? 0,
    list: subscription?.listPageMax ?? 0,
  };
}

/** Longest silence of a Watch; 30 s where the server did not say. */
export function keepAliveMsOf(duration: GetServerInfoResponse["keepAliveInterval"]): number {
  const ms = duration === undefined ? 0 : durationMs(duration);
  return ms > 0 ? ms : 30_000;
}
