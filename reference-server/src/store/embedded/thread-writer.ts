// The server's side of the thread that writes.
import { Worker } from "node:worker_threads";
import type { Batch, Writer } from "./batch.ts";
import type { WriterAnswer } from "./writer-thread.ts";

/** `onFault`: the thread is gone, and nothing can be written any more. */
export function createThreadWriter(file: string, onFault: (fault: unknown) => void): Writer {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const thread = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), { workerData: file });
  /** In the order of their messages: a close may wait behind a group. */
  const waiting: { resolve: () => void; reject: (why: Error) => void }[] = [];
  let closing = false;
  const ask = (message: Batch | null): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      thread.postMessage(message);
    });
  thread.on("message", (answer: WriterAnswer) => {
    const asked = waiting.shift();
    if (answer === undefined) asked?.resolve();
    else asked?.reject(new Error(answer.failed));
  });
  thread.on("error", onFault);
  thread.on("exit", () => {
    if (!closing) onFault(new Error("the thread that writes ended"));
  });
  return {
    write: ask,
    close: async () => {
      closing = true;
      await ask(null);
    },
  };
}
