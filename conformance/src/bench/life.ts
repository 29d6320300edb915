// What the suite knows of a session's life, by what it did itself: the book of which `overdue` asks whether slowness ended a lease.
import type { Silence } from "../time/bench-time.ts";

export interface LifeOptions {
  readonly leaseMs: () => number;
  /** When the Login was sent: from here on the lease may run. */
  readonly loginSentAt: number;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

export interface Life {
  /** A sign that was sent then and is answered now: the server has had it at some time between, and the lease may run since it was sent. */
  readonly sign: (sentAt: number) => void;
  /** The client has closed its link, or lost it. */
  readonly linkGone: () => void;
  /** The session was logged out, or is known to be over. */
  readonly ended: () => void;
  /** Neither it nor its link was ended. */
  readonly isKept: () => boolean;
  /** Nor has a lease gone by since its last sign. */
  readonly seemsLive: () => boolean;
  readonly silences: () => readonly Silence[];
}

export function createLife({ leaseMs, loginSentAt, now = () => performance.now() }: LifeOptions): Life {
  /** When the newest sign that was answered had been sent. */
  let lastSignAt = loginSentAt;
  /** Stretches of a lease or more without a sign, that have ended. */
  const silences: Silence[] = [];
  let isLinkGone = false;
  let isOver = false;
  const isKept = (): boolean => !isOver && !isLinkGone;
  const noteSilence = (): void => {
    if (now() - lastSignAt >= leaseMs()) silences.push({ from: lastSignAt, until: now() });
  };
  return {
    sign: (sentAt) => {
      if (isKept()) noteSilence();
      lastSignAt = sentAt;
      isLinkGone = false;
    },
    // What ends after a lease may have been lost before: by slowness, and not by what the check did.
    linkGone: () => {
      if (isKept()) noteSilence();
      isLinkGone = true;
    },
    ended: () => {
      if (isKept()) noteSilence();
      isOver = true;
    },
    isKept,
    seemsLive: () => isKept() && now() - lastSignAt < leaseMs(),
    silences: () => [...silences, ...(isKept() ? [{ from: lastSignAt, until: now() }] : [])],
  };
}
