// Whether lines are those that a step expects. Servers are free in the order of targets and in how often they ask for a
// heartbeat; within one target, and from group to group, the order counts.

export interface Matcher {
  /** Throws on a line that may not come now. */
  readonly take: (line: string) => void;
  readonly complete: () => boolean;
  readonly missing: () => readonly string[];
}

/** @param surplus lines that may come at any time, as often as they like */
export function createMatcher(groups: readonly (readonly string[])[], surplus: readonly string[] = []): Matcher {
  const free = new Set(["heartbeat", ...surplus]);
  const waiting = groups.map((group) => [...group]).filter((group) => group.length > 0);
  return {
    take: (line) => {
      const group = waiting[0] ?? [];
      const index = group.findIndex((expected) => subject(expected) === subject(line));
      if (group[index] === line) group.splice(index, 1);
      else if (!free.has(line)) throw new Error(`unexpected line: ${line}`);
      if (group.length === 0) waiting.shift();
    },
    complete: () => waiting.length === 0,
    missing: () => waiting.flat(),
  };
}

/** Whom a line is about. */
function subject(line: string): string {
  return line.split(" ")[1] ?? line;
}
