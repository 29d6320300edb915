// Where a command writes to; tests put their own in.
import type { ProgressSink } from "../report/progress.ts";

export interface Console {
  readonly out: ProgressSink;
  readonly error: ProgressSink;
}

export function processConsole(): Console {
  return { out: sinkOf(process.stdout), error: sinkOf(process.stderr) };
}

function sinkOf(stream: NodeJS.WriteStream): ProgressSink {
  // A reader that has seen enough (`| head`) is no fault; what it left unread is nobody's.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? 100,
  };
}
