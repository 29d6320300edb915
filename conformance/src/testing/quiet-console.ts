// A console that keeps what is written to it.
import type { Console } from "../cli/console.ts";

export interface KeptConsole extends Console {
  readonly outText: () => string;
  readonly errorText: () => string;
}

export function keptConsole(): KeptConsole {
  const out: string[] = [];
  const error: string[] = [];
  const sink = (into: string[]) => ({ write: (text: string) => void into.push(text), isTerminal: false, columns: 100 });
  return { out: sink(out), error: sink(error), outText: () => out.join(""), errorText: () => error.join("") };
}
