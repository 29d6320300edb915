// Changes of the table as events of the client.
import { Code } from "@connectrpc/connect";
import type { UserStatusEvents } from "./client-types.ts";
import type { Emitter } from "./emitter.ts";
import { UserStatusError } from "./errors.ts";
import type { Change } from "./table.ts";

/** Tells changes. The table has changed already when the first listener is called: it sees all of it. */
export function createTeller(emitter: Emitter<UserStatusEvents>): (changes: readonly Change[]) => void {
  return (changes) => {
    for (const change of changes) tell(emitter, change);
  };
}

function tell(emitter: Emitter<UserStatusEvents>, change: Change): void {
  switch (change.kind) {
    case "status":
      emitter.emit("statusChanged", { userId: change.userId, status: change.status, previous: change.previous });
      break;
    case "row":
      emitter.emit("subscriptionChanged", { subscription: change.row, previous: change.previous });
      break;
    case "self":
      emitter.emit("selfChanged", { self: change.self, previous: change.previous });
      break;
    case "ended": {
      const { userId, generation, reason, stillVisible } = change;
      emitter.emit("subscriptionEnded", { userId, generation, reason, stillVisible });
      break;
    }
    case "overflow": {
      const message = "the server tells of more users than the table may hold";
      const metadata = { user_id: change.userId };
      emitter.emit("error", new UserStatusError(Code.ResourceExhausted, "TOO_MANY_USERS", message, { metadata }));
      break;
    }
  }
}
