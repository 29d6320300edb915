// What a run tells while it goes: a line that is rewritten on a terminal, plain lines now and then elsewhere.
import type { Outcome } from "../run/outcome.ts";

export interface ProgressSink {
  /** Writes text as it is. */
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly columns: number;
}

export interface Progress {
  /** A line that stays. */
  readonly say: (line: string) => void;
  readonly begin: (total: number) => void;
  readonly started: (name: string) => void;
  readonly finished: (name: string, outcome: Outcome) => void;
  readonly end: () => void;
}

/** How often a line is written where there is no terminal. */
const plainEveryMs = 5000;
const terminalEveryMs = 100;

export function createProgress(sink: ProgressSink, now: () => number = Date.now): Progress {
  const running = new Set<string>();
  const counts = new Map<Outcome, number>();
  let total = 0;
  let done = 0;
  let lastAt = 0;
  let shown = false;

  const clear = (): void => {
    if (shown) sink.write("\r\u001b[K");
    shown = false;
  };
  const statusLine = (): string => {
    const bad = (["FAIL", "WARN", "FLAKY", "ERROR"] as const).filter((outcome) => counts.has(outcome));
    const found = bad.map((outcome) => `, ${counts.get(outcome)} ${outcome}`).join("");
    const names = [...running].slice(0, 3).join(", ");
    const now = names === "" ? "" : `; now ${names}${running.size > 3 ? ", …" : ""}`;
    return `${done}/${total} runs${found}${now}`;
  };
  const tick = (): void => {
    const every = sink.isTerminal ? terminalEveryMs : plainEveryMs;
    if (total === 0 || now() - lastAt < every) return;
    lastAt = now();
    if (!sink.isTerminal) {
      sink.write(`${statusLine()}\n`);
      return;
    }
    clear();
    sink.write(statusLine().slice(0, Math.max(20, sink.columns - 1)));
    shown = true;
  };
  return {
    say: (line) => {
      clear();
      sink.write(`${line}\n`);
    },
    begin: (runs) => {
      total = runs;
      lastAt = now();
    },
    started: (name) => {
      running.add(name);
      tick();
    },
    finished: (name, outcome) => {
      running.delete(name);
      done++;
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      tick();
    },
    end: () => {
      clear();
      total = 0;
    },
  };
}
