// What a watcher holds, folded from its stream, and how far that is from what the server holds.

/** A status as k6 gives it: 64-bit numbers are texts. */
export interface Status {
  readonly userId: string;
  readonly revision: string;
  readonly customStatus?: { readonly text?: string } | null;
}

export interface Held {
  /** Takes a status; false: it is older than what is held. */
  readonly take: (status: Status) => boolean;
  /** Targets whose held revision is below what the server answered. Gaps on the way are legal and not looked at. */
  readonly behind: (answered: readonly Status[]) => string[];
}

export function createHeld(): Held {
  const revisions = new Map<string, number>();
  return {
    take: ({ userId, revision }) => {
      // Below 2^53, by the specification.
      const number = Number(revision);
      if (number < (revisions.get(userId) ?? -1)) return false;
      revisions.set(userId, number);
      return true;
    },
    behind: (answered) =>
      answered
        .filter(({ userId, revision }) => (revisions.get(userId) ?? -1) < Number(revision))
        .map(({ userId }) => userId),
  };
}
