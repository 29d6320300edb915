// What happens to each client: others come and go, the clock moves, the connection is cut once, and every line is checked.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createUserStatusClient, type UserStatusClient } from "@userstatus/client";
import { Platform } from "@userstatus/protocol";
import { TestingService } from "@userstatus/protocol/testing";
import { type ClientProcess, startClient } from "./client-process.ts";
import type { Language } from "./languages.ts";
import { openRelay, type Relay } from "./relay.ts";
import type { RunningServer } from "./servers.ts";

/** Texts that an encoding or a quoting done wrong would change. */
const texts = { client: "watching, 見ています", cut: 'say "hi" \\o/\n– ☕', back: "back" };
const printed = { client: `"${texts.client}"`, cut: '"say \\"hi\\" \\\\o/\\n– ☕"', back: `"${texts.back}"` };

/** Between `heartbeat_interval` (30 s) and `lease` (75 s) of the profile `standard`, so that the server asks for a heartbeat. */
const clockStep = { seconds: 40n, nanos: 0 };

/**
 * `fetch` tells nobody over which connection a call goes: each one that was kept, and is dead now, costs it a call and
 * another try.
 */
const silentStep = { timeoutMs: 60_000, surplus: ["lost", "hello RESUMED"] };

interface Stage {
  readonly app: string;
  readonly client: ClientProcess;
  readonly relay: Relay;
  readonly alice: UserStatusClient;
  readonly bob: UserStatusClient;
  /** The client's user on another device. */
  readonly other: UserStatusClient;
  /** Undefined: the server has no test clock. */
  readonly tools: ReturnType<typeof toolsOf> | undefined;
}

/** Runs one client from login to logout. Rejects with what went wrong first. */
export async function runScenario(
  language: Language,
  server: RunningServer,
  silence: boolean,
  show: (line: string) => void,
): Promise<void> {
  const app = `examples-${language.name}-${Date.now()}`;
  const opened: { close: () => unknown }[] = [];
  const seat = (userId: string, deviceId: string): UserStatusClient => {
    const client = userAt(server.url, `dev:${app}:${userId}`, deviceId);
    opened.push(client);
    return client;
  };
  const relay = await openRelay(server.url);
  opened.push(relay);
  try {
    const alice = seat("alice", "phone");
    const bob = seat("bob", "phone");
    await alice.connect({ customStatus: { text: "hi" } });
    await bob.connect();
    await bob.disconnect();
    const tools = server.testingUrl === undefined ? undefined : toolsOf(server.testingUrl, app);
    const client = startClient(commandOf(language, relay.url, app, tools ? 8 : 7), language.dir, show);
    opened.push({ close: client.kill });
    await play({ app, client, relay, alice, bob, other: seat("dave", "tablet"), tools }, silence);
  } finally {
    await Promise.allSettled(opened.reverse().map(async (one) => one.close()));
  }
}

async function play({ client, relay, alice, bob, other, tools }: Stage, silence: boolean): Promise<void> {
  await client.expect("start", [
    ["login dave"],
    ["hello RESET"],
    ["subscribed alice", 'online alice "hi"', "subscribed bob", "logged-out bob", "failed nobody USER_NOT_FOUND"],
    [`self ${printed.client}`],
    ["synced"],
  ]);
  await alice.setCustomStatus(texts.cut);
  await client.expect("a text changes", [[`online alice ${printed.cut}`]]);
  if (tools) {
    await tools.advanceClock({ duration: clockStep });
    await client.expect("the server asks for a heartbeat", [["heartbeat"]]);
  }
  relay.cut();
  await client.expect("the connection is cut", [["lost"]]);
  await alice.setCustomStatus(texts.back);
  await bob.connect();
  relay.mend();
  await client.expect("it comes back", [["hello RESUMED"], [`online alice ${printed.back}`, "online bob"], ["synced"]]);
  if (silence) {
    relay.silence();
    await client.expect("the connection falls silent", [["lost"], ["hello RESUMED"], ["synced"]], silentStep);
  }
  await other.connect();
  await other.unsubscribe(["bob"]);
  await client.expect("a row ends on another device", [["ended bob UNSUBSCRIBED"]]);
  if (tools) {
    await tools.changeEpoch({});
    await client.expect("the epoch changes", [
      ["watch-end RESYNC"],
      ["hello RESET"],
      ["subscribed alice", `online alice ${printed.back}`],
      ["synced"],
    ]);
  }
  await alice.disconnect();
  await client.expect("the last change", [[`logged-out alice ${printed.back}`], ["bye"]]);
  await client.ended();
}

function commandOf({ start }: Language, url: string, app: string, until: number): Language["start"] {
  const options = {
    url,
    token: `dev:${app}:dave`,
    device: "example",
    text: texts.client,
    until,
    subscribe: "alice,bob,nobody",
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return { ...start, args: [...start.args, ...args] };
}

function userAt(url: string, token: string, deviceId: string): UserStatusClient {
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
  return createUserStatusClient({ transport, token, deviceId, platform: Platform.ANDROID });
}

function toolsOf(url: string, app: string) {
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        request.header.set("Authorization", `Bearer dev-admin:${app}`);
        return next(request);
      },
    ],
  });
  return createClient(TestingService, transport);
}
