// A user who watches all the others over the crash: what he was told must still hold, or have become newer.

import { createClient, type Transport } from "@connectrpc/connect";
import { UserStatusService } from "@userstatus/protocol";
import { headersOf, type User } from "./load.ts";

export interface Watcher {
  readonly userId: string;
  sessionId: string;
  cursor: Uint8Array<ArrayBuffer>;
  /** What his streams told last of each target. */
  readonly told: Map<string, { revision: bigint; text: string | null }>;
  /** What must not be: in words. */
  readonly wrong: string[];
}

export function newWatcher(userId: string): Watcher {
  return { userId, sessionId: "", cursor: new Uint8Array(), told: new Map(), wrong: [] };
}

/** Follows a stream to its end, whatever that is. Answers how it began, once it has. */
export function followWatch(watcher: Watcher, transport: Transport): { begun: Promise<string>; ended: Promise<void> } {
  const user: User = createClient(UserStatusService, transport);
  let begin: (how: string) => void = () => {};
  const begun = new Promise<string>((resolve) => {
    begin = resolve;
  });
  const run = async (): Promise<void> => {
    const { sessionId, cursor } = watcher;
    let how = "";
    for await (const { events } of user.watch({ sessionId, cursor }, headersOf(watcher.userId))) {
      for (const { event } of events) {
        if (event.case === "hello") how = String(event.value.resumeResult);
        if (event.case === "status") note(watcher, event.value);
        if (event.case === "snapshotEnd" || event.case === "progress")
          watcher.cursor = event.value.cursor as Uint8Array<ArrayBuffer>;
        if (event.case === "snapshotEnd") begin(how);
      }
    }
  };
  // A killed server ends it with an error.
  return { begun, ended: run().catch(() => begin("failed")) };
}

function note(
  watcher: Watcher,
  status: { userId: string; revision: bigint; customStatus?: { text: string } | undefined },
): void {
  const { userId, revision } = status;
  const text = status.customStatus?.text ?? null;
  const before = watcher.told.get(userId);
  if (before && revision < before.revision)
    watcher.wrong.push(`${userId}: revision ${revision} after ${before.revision}`);
  if (before && revision === before.revision && text !== before.text) {
    watcher.wrong.push(`${userId}: revision ${revision} was ${before.text}, and is ${text}`);
  }
  watcher.told.set(userId, { revision, text });
}
