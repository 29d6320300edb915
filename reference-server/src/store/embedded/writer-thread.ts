// The thread that writes: a disk that is slow holds this one up, and not the server.
import { parentPort, workerData } from "node:worker_threads";
import type { Batch } from "./batch.ts";
import { createGroupWriter } from "./write.ts";

/** To the thread: a group, or null to close. From it: undefined when that is done, or why it is not. */
export type WriterAnswer = { readonly failed: string } | undefined;

const writer = createGroupWriter(String(workerData));

parentPort?.on("message", (batch: Batch | null) => {
  if (batch === null) {
    writer.close();
    parentPort?.postMessage(undefined satisfies WriterAnswer);
    parentPort?.close();
    return;
  }
  let answer: WriterAnswer;
  try {
    writer.write(batch);
  } catch (error) {
    answer = { failed: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
  try {
    writer.tidy();
  } catch {
    // What hinders this hinders the next group too, and is told then.
  }
});
