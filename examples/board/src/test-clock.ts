// The test clock of the app. It is reached beside the link, so that a cut does not hold it up.
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { TestingService } from "@userstatus/protocol/testing";
import { appId } from "./identity.ts";

export interface TestClock {
  /** Undefined: the server has none. */
  readonly read: () => Promise<{ readonly serverMs: number; readonly stopped: boolean } | undefined>;
  /** Moves it, and so stops it for good. `holdLeases`: sessions stay alive over the step. */
  readonly advance: (ms: number, holdLeases: boolean) => Promise<{ readonly serverMs: number }>;
}

export function createTestClock(transport: Transport): TestClock {
  const service = createClient(TestingService, transport);
  const options = { headers: { authorization: `Bearer dev-admin:${appId}` }, timeoutMs: 10_000 };
  return {
    read: async () => {
      try {
        const { now, stopped } = await service.getClock({}, options);
        return now === undefined ? undefined : { serverMs: timestampMs(now), stopped };
      } catch {
        return undefined;
      }
    },
    advance: async (ms, holdLeases) => {
      const { now } = await service.advanceClock({ duration: durationFromMs(ms), holdLeases }, options);
      if (now === undefined) throw new Error("the test clock told no time");
      return { serverMs: timestampMs(now) };
    },
  };
}
