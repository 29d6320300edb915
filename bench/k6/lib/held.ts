// What a watcher holds, folded from its stream, and how that differs from what the server answers. Knows nothing of k6, so that tests can run it.

/** A status as k6 gives it: 64-bit numbers are texts, what is not set may be null or missing. */
export interface Status {
  readonly userId: string;
  readonly revision: string;
  readonly onlineStatus?: string;
  readonly onlinePlatforms?: readonly string[];
  readonly customStatus?: { readonly text?: string } | null;
}

/** An answer to a query: one for each user asked for. */
export interface Answered {
  readonly userId: string;
  readonly status?: Status | null;
}

export interface Difference {
  readonly userId: string;
  readonly why: "no status" | "never told" | "behind" | "ahead" | "other content";
}

export interface Held {
  /** A full snapshot follows: what was held counts no more. */
  readonly reset: () => void;
  /** Takes a status; false: it is older than what is held, and is left out. */
  readonly take: (status: Status) => boolean;
  /** A row is gone, and nothing else shows its target. */
  readonly drop: (userId: string) => void;
  /** How what is held differs from what was answered. Gaps in revisions on the way are legal and not looked at. */
  readonly differences: (answered: readonly Answered[]) => Difference[];
}

export function createHeld(): Held {
  const statuses = new Map<string, Status>();
  const whyOf = ({ userId, status }: Answered): Difference["why"] | undefined => {
    if (!status) return "no status";
    const held = statuses.get(userId);
    if (!held) return "never told";
    // Below 2^53, by the specification.
    const ahead = Number(held.revision) - Number(status.revision);
    if (ahead !== 0) return ahead < 0 ? "behind" : "ahead";
    return shownBy(held) === shownBy(status) ? undefined : "other content";
  };
  return {
    reset: () => statuses.clear(),
    take: (status) => {
      const before = statuses.get(status.userId);
      if (before && Number(status.revision) < Number(before.revision)) return false;
      statuses.set(status.userId, status);
      return true;
    },
    drop: (userId) => void statuses.delete(userId),
    differences: (answered) =>
      answered.flatMap((one) => {
        const why = whyOf(one);
        return why === undefined ? [] : [{ userId: one.userId, why }];
      }),
  };
}

function shownBy({ onlineStatus, onlinePlatforms, customStatus }: Status): string {
  return JSON.stringify([onlineStatus ?? "", onlinePlatforms ?? [], customStatus?.text ?? ""]);
}
