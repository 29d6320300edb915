// A binary heap of (due time, user): what falls due next. Entries may be stale; their reader looks at the record.

export interface Due {
  readonly dueMs: number;
  readonly userId: string;
}

export interface DueHeap {
  readonly size: number;
  /** The earliest entry. */
  peek(): Due | undefined;
  pop(): Due | undefined;
  /** O(log n). */
  push(due: Due): void;
  /** Replaces everything: due times by user. O(n log n). */
  rebuild(due: ReadonlyMap<string, number>): void;
}

export function createDueHeap(): DueHeap {
  const heap: Due[] = [];
  const dueAt = (index: number): number => heap[index]?.dueMs ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number): void => {
    const held = heap[a] as Due;
    heap[a] = heap[b] as Due;
    heap[b] = held;
  };
  const push = (due: Due): void => {
    heap.push(due);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (dueAt(parent) <= dueAt(at)) break;
      swap(parent, at);
      at = parent;
    }
  };
  return {
    get size() {
      return heap.length;
    },
    peek: () => heap[0],
    push,
    rebuild: (due) => {
      heap.length = 0;
      for (const [userId, dueMs] of due) push({ dueMs, userId });
    },
    pop: () => {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      for (let at = 0; ; ) {
        const left = 2 * at + 1;
        const least = dueAt(left + 1) < dueAt(left) ? left + 1 : left;
        if (dueAt(least) >= dueAt(at)) return first;
        swap(at, least);
        at = least;
      }
    },
  };
}
