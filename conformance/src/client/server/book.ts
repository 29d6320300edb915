// What the scripted server has told so far, so that its usual answers agree with it: a client may list, query, log in and subscribe
// anew at any time.
import { ResumeResult } from "@userstatus/protocol";
import { firstEpoch, type SelfInit, type StatusInit, selfOf, statusOf } from "./replies.ts";
import type { EventInit } from "./server-watch.ts";

export interface Book {
  /** Takes what goes out on a stream. */
  readonly note: (event: EventInit) => void;
  /** Of the newest hello. */
  readonly epoch: () => string;
  readonly rows: () => readonly { readonly userId: string; readonly generation: number }[];
  /** Generation of the row to a target; 1 where there is none. */
  readonly generationOf: (userId: string) => number;
  /** The newest status of a target; one of revision 1 where none was told. */
  readonly statusOf: (userId: string) => StatusInit;
  readonly self: () => SelfInit;
}

export function createBook(user: string): Book {
  let epoch = firstEpoch;
  let self: SelfInit | undefined;
  const rows = new Map<string, number>();
  const statuses = new Map<string, StatusInit>();
  return {
    note: (event) => {
      switch (event.case) {
        case "hello":
          if (event.value.epoch !== epoch) self = undefined;
          epoch = event.value.epoch ?? epoch;
          // What a snapshot does not name is gone, for the server too.
          if (event.value.resumeResult !== ResumeResult.RESUMED) {
            rows.clear();
            statuses.clear();
          }
          break;
        case "subscribed":
          rows.set(event.value.userId ?? "", Number(event.value.generation ?? 0n));
          break;
        case "subscriptionEnded":
          if (Number(event.value.generation ?? 0n) >= (rows.get(event.value.userId ?? "") ?? 0))
            rows.delete(event.value.userId ?? "");
          break;
        case "status":
          if ((event.value.revision ?? 0n) >= (statuses.get(event.value.userId ?? "")?.revision ?? 0n))
            statuses.set(event.value.userId ?? "", event.value);
          break;
        case "self":
          self = event.value;
          break;
        default:
          break;
      }
    },
    epoch: () => epoch,
    rows: () => [...rows].map(([userId, generation]) => ({ userId, generation })).toSorted(byId),
    generationOf: (userId) => rows.get(userId) ?? 1,
    statusOf: (userId) => statuses.get(userId) ?? statusOf(userId, 1),
    self: () => self ?? selfOf(user, 1),
  };
}

function byId(left: { readonly userId: string }, right: { readonly userId: string }): number {
  return left.userId < right.userId ? -1 : 1;
}
