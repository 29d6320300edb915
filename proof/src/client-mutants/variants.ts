// Clients that are right and unusual: every check must pass, or say that it does not apply. Made like mutants.
import type { ClientMutant } from "./mutant.ts";

export const clientVariants: readonly ClientMutant[] = [
  {
    id: "variant/no-cursor",
    defect: "asks for a full snapshot each time",
    file: "run.ts",
    find: "      cursor: cursor.bytes,\n",
    replace: "      cursor: new Uint8Array(),\n",
  },
  {
    id: "variant/logs-in-each-time",
    defect: "logs in before each Watch, on the same device",
    file: "run.ts",
    find: "if (session.id.peek() === undefined) await session.logIn(undefined, signal);",
    replace: "await session.logIn(undefined, signal);",
  },
  {
    id: "variant/slow-reader",
    defect: "takes its time for each frame",
    file: "watch-stream.ts",
    find: "      for (const { event } of frame.events) reader.take(event);",
    replace:
      "      await new Promise((resolve) => setTimeout(resolve, 100));\n      for (const { event } of frame.events) reader.take(event);",
  },
  {
    id: "variant/equal-jitter",
    defect: "waits at random between half of the bound and the bound",
    file: "backoff.ts",
    find: "return random() * backoffBoundMs(failures, options);",
    replace: "return (0.5 + random() / 2) * backoffBoundMs(failures, options);",
  },
  {
    id: "variant/beats-twice",
    defect: "beats twice in each interval",
    file: "heartbeat.ts",
    find: "scheduler.schedule(delayMs, onTimer)",
    replace: "scheduler.schedule(delayMs / 2, onTimer)",
  },
  {
    id: "variant/own-waits",
    defect: "has waits of its own, and says so",
    file: "driver/driver.ts",
    find: "return { contract: 1, client: name, protocols,",
    replace: "return { backoff: { baseMs: 250, maxMs: 3000, stableMs: 3000 }, contract: 1, client: name, protocols,",
  },
  {
    id: "variant/lists-when-connected",
    defect: "lists its rows and asks for a marker whenever a stream has begun",
    file: "driver/driver.ts",
    find: '    client.on("connectionStateChanged",',
    replace: `    const fresh = client;
    client.on("watchOpened", () => {
      fresh.listSubscriptions().catch(() => {});
      fresh.sync().catch(() => {});
    });
    client.on("connectionStateChanged",`,
  },
  {
    id: "variant/json",
    defect: "speaks Connect and gRPC-Web in JSON",
    file: "node.ts",
    find: 'httpVersion: "1.1" as const,',
    replace: 'httpVersion: "1.1" as const, useBinaryFormat: false,',
  },
  {
    id: "variant/logged-in-early",
    defect: "the driver answers login as soon as it has begun",
    file: "driver/driver.ts",
    find: "        await opened().connect();\n",
    replace: "        opened().connect().catch(() => {});\n",
  },
  {
    id: "variant/waits-when-limited",
    defect: "waits as long as the server says where a rate is used up, and calls again",
    file: "session-calls.ts",
    find: "control.waitWhenLimited === true && waits",
    replace: "waits",
  },
];
