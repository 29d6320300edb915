// Somebody else while a server is busy: a heartbeat at each tick, from a thread of its own, so that what the load itself waits for is not counted.
import { once } from "node:events";
import { Worker } from "node:worker_threads";

export interface Bystander {
  /** From now on. */
  readonly begin: () => void;
  /** Ends it; answers how long each heartbeat waited since it was due, in milliseconds. */
  readonly waits: () => Promise<readonly number[]>;
  readonly stop: () => Promise<unknown>;
}

/** Logs somebody in, on a connection of his own. */
export async function startBystander(url: string): Promise<Bystander> {
  const worker = new Worker(new URL("bystander-thread.ts", import.meta.url), { workerData: { url } });
  try {
    await once(worker, "message");
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    begin: () => worker.postMessage("begin"),
    waits: async () => {
      worker.postMessage("end");
      const [{ waits, error }] = (await once(worker, "message")) as [{ waits: readonly number[]; error?: string }];
      if (error !== undefined) throw new Error(`a heartbeat was not answered: ${error}`);
      return waits;
    },
    stop: () => worker.terminate(),
  };
}
