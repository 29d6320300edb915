// The thread of bystander.ts.
import { parentPort, workerData } from "node:worker_threads";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Platform, UserStatusService } from "@userstatus/protocol";

const eachMs = 20;

const { url } = workerData as { url: string };
const client = createClient(UserStatusService, createConnectTransport({ baseUrl: url, httpVersion: "2" }));
const headers = { authorization: "Bearer dev:bench:bystander" };
const { sessionId } = await client.login({ deviceId: "d", platform: Platform.ANDROID }, { headers });

const waits: number[] = [];
const beats: Promise<void>[] = [];
let timer: NodeJS.Timeout | undefined;

async function beat(dueMs: number): Promise<void> {
  await client.heartbeat({ sessionId }, { headers });
  waits.push(performance.now() - dueMs);
}

function begin(): void {
  let dueMs = performance.now();
  timer = setInterval(() => {
    // Whether or not the last one was answered: a long wait counts as often as it is met. Ticks that came late have waited since they were due.
    for (; dueMs <= performance.now(); dueMs += eachMs) beats.push(beat(dueMs));
  }, eachMs);
}

parentPort?.on("message", async (message: "begin" | "end") => {
  if (message === "begin") return begin();
  clearInterval(timer);
  await Promise.all(beats);
  parentPort?.postMessage(waits);
});
parentPort?.postMessage("ready");
