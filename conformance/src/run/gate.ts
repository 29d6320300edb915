// Lets so many through at once.
export interface Gate {
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Work beyond `max` waits its turn, in order. */
export function createGate(max: number): Gate {
  let free = max;
  const waiting: (() => void)[] = [];
  return {
    run: async (work) => {
      if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      else free--;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}
