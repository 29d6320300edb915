// The thread of bystander.ts.
import { parentPort, workerData } from "node:worker_threads";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Platform, UserStatusService } from "@userstatus/protocol";

const eachMs = 20;
const answerMaxMs = 30_000;

const { url } = workerData as { url: string };
const transport = createConnectTransport({ baseUrl: url, httpVersion: "2", defaultTimeoutMs: answerMaxMs });
const client = createClient(UserStatusService, transport);
const headers = { authorization: "Bearer dev:bench:bystander" };
const { sessionId } = await client.login({ deviceId: "d", platform: Platform.ANDROID }, { headers });

const waits: number[] = [];
const beats: Promise<void>[] = [];
let timer: NodeJS.Timeout | undefined;

async function beat(dueMs: number): Promise<void> {
  await client.heartbeat({ sessionId }, { headers });
  waits.push(performance.now() - dueMs);
}

/** Whether or not the last one was answered: a long wait counts as often as it is met. What came late has waited since it was due. */
function tick(dueMs: number): void {
  let nextMs = dueMs;
  for (; nextMs <= performance.now(); nextMs += eachMs) {
    const sent = beat(nextMs);
    // Told at the end.
    sent.catch(() => {});
    beats.push(sent);
  }
  timer = setTimeout(tick, Math.max(0, nextMs - performance.now()), nextMs);
}

parentPort?.on("message", async (message: "begin" | "end") => {
  if (message === "begin") return tick(performance.now());
  clearTimeout(timer);
  try {
    await Promise.all(beats);
    parentPort?.postMessage({ waits });
  } catch (error) {
    parentPort?.postMessage({ error: String(error) });
  }
});
parentPort?.postMessage("ready");
