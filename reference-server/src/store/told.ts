// What listeners are told of a commit, whichever store made it.
import type { Change, UserRecord } from "../core/model.ts";
import type { Rules } from "../core/rules.ts";
import { publicStatus, selfStatus } from "../core/views.ts";
import type { Commit } from "./store.ts";

export interface Committed {
  readonly appId: string;
  readonly seq: number;
  readonly changes: readonly Change[];
  readonly record: Readonly<UserRecord>;
}

/** Views are built when somebody looks: most commits have nobody who does. */
export function commitOf({ appId, seq, changes, record }: Committed, rules: Rules): Commit {
  let status: ReturnType<typeof publicStatus> | undefined;
  let self: ReturnType<typeof selfStatus> | undefined;
  return {
    appId,
    userId: record.userId,
    seq,
    changes,
    statusSeq: record.statusSeq,
    record,
    get status() {
      status ??= publicStatus(record, rules);
      return status;
    },
    get self() {
      self ??= selfStatus(record, rules);
      return self;
    },
  };
}
