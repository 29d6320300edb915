import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { entryLine } from "../../transcript/print.ts";
import { createTranscript } from "../../transcript/transcript.ts";
import type { OpenCommand } from "./contract.ts";
import { type DrivenClient, hasEnded, startDrivenClient } from "./driven-client.ts";
import { asCommand, ContractError, parseLine } from "./validate.ts";

const faulty = fileURLToPath(new URL("../../testing/clients/faulty.mjs", import.meta.url));
const open: OpenCommand = {
  url: "http://127.0.0.1:1",
  protocol: "connect",
  token: "t",
  user: "u",
  device: "d",
  backoff: { baseMs: 1, maxMs: 2, stableMs: 3 },
};

async function withClient<T>(fault: string, answerMs: number, use: (client: DrivenClient) => Promise<T>): Promise<T> {
  const transcript = createTranscript();
  const client = startDrivenClient({ command: ["node", faulty, fault], transcript, startMs: 20_000, answerMs });
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

test.each([
  ["no-json", /is no JSON: hello there/],
  ["no-such-state", /the answer to state breaks the contract: .*statuses must be object/],
  ["too-long", /more than 1048576 bytes/],
])("a client that answers with %s breaks the contract", async (fault, message) => {
  await withClient(fault, 20_000, async (client) => {
    expect(await client.hello()).toMatchObject({ client: "faulty" });
    await client.open(open);
    const error = await client.state().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ContractError);
    expect((error as Error).message).toMatch(message);
  });
});

test("an answer to nothing breaks the contract, and is told with the next command", async () => {
  await withClient("twice", 20_000, async (client) => {
    await client.state();
    const error = await client.state().catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(/answered or never asked/);
    expect(client.failure()).toBe(error);
  });
});

test("an answer that does not come in time breaks the contract", async () => {
  await withClient("silent", 50, async (client) => {
    await expect(client.state()).rejects.toThrow(/no answer to state within 50 ms/);
  });
});

test("a process that ends by itself is another matter, and every later command says so", async () => {
  await withClient("ends", 20_000, async (client) => {
    const first = await client.state().catch((thrown: unknown) => thrown);
    expect(hasEnded(first)).toBe(true);
    expect((first as Error).message).toMatch(/exit code 3/);
    await expect(client.state()).rejects.toBe(first);
  });
});

test("a command that there is not breaks the contract", async () => {
  const transcript = createTranscript();
  const command = ["/no/such/program"];
  const client = startDrivenClient({ command, transcript, startMs: 20_000, answerMs: 1_000 });
  await expect(client.hello()).rejects.toThrow(/could not be started/);
  await client.end();
  expect(transcript.entries().map((entry) => entryLine(entry, entry.at))).toHaveLength(2);
});

/** A process that has ended and whose parent has not looked yet (a zombie) does not run. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = `/proc/${pid}/stat`;
  return !existsSync(state) || !/\) [ZX] /.test(readFileSync(state, "utf8"));
}

test("a process that does not leave is ended with its group", { timeout: 20_000 }, async () => {
  const transcript = createTranscript();
  // A shell that starts another program, and waits for it.
  const command = ["sh", "-c", `node "${faulty}" silent; true`];
  const client = startDrivenClient({ command, transcript, startMs: 20_000, answerMs: 1_000 });
  const { version } = await client.hello();
  expect(isRunning(Number(version))).toBe(true);
  await client.end();
  await expect.poll(() => isRunning(Number(version))).toBe(false);
});

test("lines are checked against the schema", () => {
  expect(parseLine('{"id":3,"ok":{}}')).toEqual({ id: 3, ok: {} });
  expect(parseLine('{"event":"connection","state":"CONNECTED","cause":"x"}')).toMatchObject({ state: "CONNECTED" });
  expect(parseLine('{"event":"of tomorrow"}')).toEqual({ event: "of tomorrow" });
  expect(() => parseLine('{"id":0,"ok":{}}')).toThrow(ContractError);
  expect(() => parseLine('{"id":1}')).toThrow(ContractError);
  expect(() => parseLine('{"event":"connection","state":"HAPPY"}')).toThrow(ContractError);
  expect(() => parseLine('{"id":1,"error":{"reason":"DRAINING"}}')).toThrow(ContractError);
});

test("the suite keeps to its own schema", () => {
  const commands = [
    { op: "hello", contract: 1 },
    { op: "open", ...open },
    { op: "login" },
    { op: "subscribe", users: ["alice"] },
    { op: "setText", text: "" },
    { op: "state" },
  ];
  for (const command of commands) expect(asCommand({ id: 1, ...command }, "it")).toMatchObject(command);
  expect(() => asCommand({ id: 1, op: "open" }, "it")).toThrow(ContractError);
  expect(() => asCommand({ id: 1, op: "subscribe", users: [] }, "it")).toThrow(ContractError);
});
