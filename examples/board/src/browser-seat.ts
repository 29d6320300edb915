// The browser's means for a seat: Web Locks, BroadcastChannel, and a mark in the storage that the tabs share.
import { deviceIdOf, type Identity } from "./identity.ts";
import { createPresence } from "./presence.ts";
import { type Channel, createSeat, type Message, type Seat, type SeatOptions } from "./seat.ts";
import type { BoardView } from "./view.ts";

/**
 * Browsers have locks on safe origins only: https, or this machine. Elsewhere (a phone on the same network, say) each tab is a device of
 * its own.
 */
function hasLocks(): boolean {
  return "locks" in navigator;
}

/** What the tabs of one connection have in common. */
function storage(): Storage {
  return hasLocks() ? localStorage : sessionStorage;
}

function deviceOf(identity: Identity): string {
  return deviceIdOf(identity, storage());
}

function nameOf(identity: Identity): string {
  return `userstatus-board/${identity.userId}/${deviceOf(identity)}`;
}

const requestLock =
  (name: string): SeatOptions["requestLock"] =>
  async (signal, held) => {
    if (hasLocks()) await navigator.locks.request(name, { signal }, held);
    else await held();
  };

function openChannel(name: string): Channel {
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    listen: (listener) => channel.addEventListener("message", (event: MessageEvent<Message>) => listener(event.data)),
    close: () => channel.close(),
  };
}

/** The person is logged in, in this browser: a tab that comes to lead may log in. */
export function markLoggedIn(identity: Identity): void {
  storage().setItem(nameOf(identity), "in");
}

export interface TabOptions {
  readonly identity: Identity;
  readonly onView: (view: BoardView, leading: boolean) => void;
  readonly onLeft: () => void;
}

export function openTab({ identity, onView, onLeft }: TabOptions): Seat {
  const name = nameOf(identity);
  return createSeat({
    tab: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
    requestLock: requestLock(name),
    channel: openChannel(name),
    lead: (earlier, onChange) => {
      if (storage().getItem(name) === null) return undefined;
      return createPresence({ identity, deviceId: deviceOf(identity), baseUrl: location.origin, earlier, onChange });
    },
    onView: (view, leading) => {
      // Before the lock is given up: a tab that gets it must not log in again, whatever of the news has reached it by then.
      if (leading && view.left) storage().removeItem(name);
      onView(view, leading);
    },
    onLeft,
  });
}
