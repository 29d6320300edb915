// What keeping changes costs: writes beside a store in memory, and how long a start with many subscriptions takes.
// node --conditions=@userstatus/source --import tsx reference-server/src/testing/store-bench.ts [--subscriptions 1000000]
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Platform } from "@userstatus/protocol";
import { setCustom } from "../core/custom-status.ts";
import { login } from "../core/sessions.ts";
import { subscribe } from "../core/subscriptions.ts";
import { openEmbeddedStore } from "../store/embedded/embedded-store.ts";
import { createThreadWriter } from "../store/embedded/thread-writer.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import type { Store, StoreClock } from "../store/store.ts";
import { rulesOf } from "./core-bench.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    users: { type: "string", default: "20000" },
    subscriptions: { type: "string", default: "1000000" },
    rows: { type: "string", default: "100" },
    dir: { type: "string", default: tmpdir() },
  },
});
const app = "app";
const rules = rulesOf("standard");
const common = {
  rules,
  wallNow: Date.now,
  schedule: (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  newEpoch: () => "epoch",
};

function openAt(directory: string): { store: Store & StoreClock; openMs: number } {
  let openMs = 0;
  const store = openEmbeddedStore({
    ...common,
    directory,
    testClock: false,
    defer: setImmediate,
    onRefusing: (_refusing, why) => console.error(why),
    onLost: (fault) => {
      throw fault;
    },
    onOpened: ({ tookMs }) => {
      openMs = tookMs;
    },
    createWriter: createThreadWriter,
  });
  listen(store);
  return { store, openMs };
}

function listen(store: Store): void {
  store.listen({ committed: () => {}, featuresChanged: () => {}, epochChanged: () => {} });
}

function logIn(store: Store, userId: string): Promise<unknown> {
  return store.update(app, userId, (record, now, core) => {
    const device = { deviceId: "phone", platform: Platform.ANDROID, custom: undefined, tokenExpiresAtMs: null };
    return login(record, { ...device, newSessionId: `session-of-${userId}` }, now, core);
  });
}

/** Each caller sets texts of users at random, one after the other, and waits until each is kept. */
async function writes(name: string, store: Store, callers: number): Promise<void> {
  const users = Number(values.users);
  const endMs = performance.now() + Number(values.seconds) * 1_000;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const latencies: number[] = [];
  delay.enable();
  const cpu = process.threadCpuUsage();
  const startedMs = performance.now();
  const call = async (caller: number): Promise<void> => {
    for (let number = caller; performance.now() < endMs; number += callers) {
      const beganMs = performance.now();
      const custom = { text: `in a meeting until ${number}`, ttlMs: 3_600_000 };
      await store.update(app, `user-${(number * 7_919) % users}`, (record, now, core) =>
        setCustom(record, custom, now, core),
      );
      await store.settled?.();
      latencies.push(performance.now() - beganMs);
      // A store in memory answers without a turn of the event loop; a server has one for each call.
      if (store.settled === undefined && latencies.length % 32 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  const tookMs = performance.now() - startedMs;
  const { user, system } = process.threadCpuUsage(cpu);
  delay.disable();
  latencies.sort((a, b) => a - b);
  const at = (part: number): string => (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(2);
  const count = latencies.length;
  console.log(
    `| ${name} | ${callers} | ${Math.round((count / tookMs) * 1_000)} | ${((user + system) / count).toFixed(1)} | ` +
      `${at(0.5)} | ${at(0.99)} | ${(delay.percentile(99) / 1e6).toFixed(1)} |`,
  );
}

async function writesOf(name: string, store: Store): Promise<void> {
  for (let at = 0; at < Number(values.users); at++) {
    await logIn(store, `user-${at}`);
    if (at % 1_000 === 0) await store.settled?.();
  }
  await store.settled?.();
  for (const callers of [1, 32, 256]) await writes(name, store, callers);
  await store.close();
}

async function start(directory: string): Promise<void> {
  const rows = Number(values.rows);
  const users = Math.ceil(Number(values.subscriptions) / rows);
  let { store } = openAt(directory);
  const beganMs = performance.now();
  for (let at = 0; at < users; at++) {
    const userId = `user-${at}`;
    await logIn(store, userId);
    const targets = Array.from({ length: rows }, (_, row) => ({
      userId: `user-${(at + row + 1) % users}`,
      incarnation: 1,
    }));
    await store.update(app, userId, (record, now, core) =>
      subscribe(record, `session-of-${userId}`, targets, 30 * 86_400_000, now, core),
    );
    if (at % 100 === 0) await store.settled?.();
  }
  await store.settled?.();
  const filledMs = performance.now() - beganMs;
  await store.close();
  const bytes = statSync(join(directory, "userstatus.db")).size;
  const opened: string[] = [];
  for (let times = 0; times < 3; times++) {
    const cpu = process.threadCpuUsage();
    const again = openAt(directory);
    const { user, system } = process.threadCpuUsage(cpu);
    opened.push(`${(again.openMs / 1_000).toFixed(2)} (${((user + system) / 1e6).toFixed(2)} of the processor)`);
    store = again.store;
    await store.close();
  }
  console.log(`${users} users with ${rows} subscriptions each: written in ${(filledMs / 1_000).toFixed(1)} s,`);
  console.log(`${(bytes / 1e6).toFixed(0)} MB on disk, opened in ${opened.join(", ")} s,`);
  console.log(`${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB of memory at the end`);
}

const directory = mkdtempSync(join(values.dir, "userstatus-bench-"));
try {
  console.log(
    "| store | callers | writes/s | µs of the main thread for each | p50 ms | p99 ms | p99 delay of the event loop, ms |",
  );
  console.log("|---|---|---|---|---|---|---|");
  const memory = createMemoryStore(common);
  listen(memory);
  await writesOf("memory", memory);
  await writesOf("embedded", openAt(join(directory, "writes")).store);
  await start(join(directory, "start"));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
