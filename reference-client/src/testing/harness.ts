// A client on a scripted service and on time that stands still, with everything it told.
import { Platform } from "@userstatus/protocol";
import { createUserStatusClient } from "../client.ts";
import type { UserStatusClient, UserStatusClientOptions, UserStatusEvents } from "../client-types.ts";
import { createFakeService, type FakeService } from "./fake-service.ts";
import { createFakeTime, type FakeTime } from "./fake-time.ts";

export interface Harness {
  readonly fake: FakeService;
  readonly time: FakeTime;
  readonly client: UserStatusClient;
  /** Events of each name, in order. */
  readonly seen: { readonly [Name in keyof UserStatusEvents]: UserStatusEvents[Name][] };
  /** `STATE/EVENT` of each change of the connection state. */
  readonly states: () => string[];
}

export function createHarness(options: Partial<UserStatusClientOptions> = {}): Harness {
  const fake = createFakeService();
  const time = createFakeTime();
  const client = createUserStatusClient({
    transport: fake.transport,
    token: "t1",
    deviceId: "d1",
    platform: Platform.LINUX,
    clock: time.clock,
    scheduler: time.scheduler,
    // Full jitter at its bound: a wait is as long as it may be.
    random: () => 0.999_999,
    ...options,
  });
  const seen: Harness["seen"] = {
    statusChanged: [],
    selfChanged: [],
    connectionStateChanged: [],
    subscriptionChanged: [],
    subscriptionEnded: [],
    watchOpened: [],
    retryScheduled: [],
    serverTime: [],
    kickedOut: [],
    tokenExpiring: [],
    error: [],
  };
  for (const name of Object.keys(seen) as (keyof UserStatusEvents)[]) {
    client.on(name, (event) => (seen[name] as unknown[]).push(event));
  }
  return {
    fake,
    time,
    client,
    seen,
    states: () => seen.connectionStateChanged.map((change) => `${change.state}/${change.event}`),
  };
}

/** A harness whose client is connected. */
export async function connectedHarness(options: Partial<UserStatusClientOptions> = {}): Promise<Harness> {
  const harness = createHarness(options);
  await harness.client.connect();
  return harness;
}
