// What a client holds that folds the events of its Watches (SPEC §19: client-fold, client-generation, client-snapshot).
import type { SelfStatus, Subscription, UserStatus } from "@userstatus/protocol";
import type { Event } from "./watch-stream.ts";

export interface Held {
  readonly self: SelfStatus | undefined;
  readonly statuses: Map<string, UserStatus>;
  readonly rows: Map<string, Subscription>;
}

export function nothingHeld(): Held {
  return { self: undefined, statuses: new Map(), rows: new Map() };
}

export function copyHeld({ self, statuses, rows }: Held): Held {
  return { self, statuses: new Map(statuses), rows: new Map(rows) };
}

/** What is held after one more event. Changes the maps in place. */
export function fold(held: Held, event: Event): Held {
  switch (event.case) {
    case "status": {
      const before = held.statuses.get(event.value.userId);
      if (before === undefined || event.value.revision >= before.revision)
        held.statuses.set(event.value.userId, event.value);
      return held;
    }
    case "self": {
      const before = held.self?.status?.revision;
      return before === undefined || (event.value.status?.revision ?? 0n) >= before
        ? { ...held, self: event.value }
        : held;
    }
    case "subscribed": {
      held.rows.set(event.value.userId, event.value);
      return held;
    }
    case "subscriptionEnded": {
      const { userId, generation, stillVisible } = event.value;
      const row = held.rows.get(userId);
      if (generation !== 0n && row !== undefined && row.generation > generation) return held;
      if (generation !== 0n) held.rows.delete(userId);
      if (!stillVisible) held.statuses.delete(userId);
      return held;
    }
    default:
      return held;
  }
}
