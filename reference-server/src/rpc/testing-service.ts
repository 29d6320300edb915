// userstatus.testing.v1.TestingService (SPEC §18). Mounted only where it was asked for.
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Profile } from "@userstatus/protocol";
import type { TestingService } from "@userstatus/protocol/testing";
import type { Store, StoreClock } from "../store/store.ts";
import { callerOf, refusing } from "./call.ts";
import { invalidField, ttl } from "./validate.ts";

/** Longest step of the clock. */
const stepMaxMs = 400 * 24 * 3600 * 1000;
const clockEndMs = Date.UTC(2200, 0);

export function createTestingService(store: Store & StoreClock, profile: Profile): ServiceImpl<typeof TestingService> {
  return {
    getClock: refusing(profile, store, async (_request, context) => {
      const { nowMs, stopped } = await store.clock(callerOf(context).appId);
      return { now: timestampFromMs(nowMs), stopped };
    }),
    advanceClock: refusing(profile, store, async (request, context) => {
      const ms = ttl(request.duration, "duration") ?? 0;
      if (!(ms >= 0 && ms <= stepMaxMs)) throw invalidField("duration", "expected 0 to 400 days");
      const { appId } = callerOf(context);
      // Revisions are microseconds of this clock, and have to fit 2^53.
      if ((await store.clock(appId)).nowMs + ms > clockEndMs)
        throw invalidField("duration", "expected no time beyond 2200");
      return { now: timestampFromMs(await store.advance(appId, Math.floor(ms), request.holdLeases)) };
    }),
    changeEpoch: refusing(profile, store, async (_request, context) => ({
      epoch: await store.changeEpoch(callerOf(context).appId),
    })),
  };
}
