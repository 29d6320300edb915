// Whatever was done to a store: what a crash leaves is what was there, in every field of every record.
import { Platform } from "@userstatus/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { setCustom } from "../../core/custom-status.ts";
import type { UserRecord } from "../../core/model.ts";
import { Refused } from "../../core/refused.ts";
import { endSessions, login, logout, loseLink, register, remove, renew } from "../../core/sessions.ts";
import { setFriends, subscribe, unsubscribe } from "../../core/subscriptions.ts";
import { rulesOf } from "../../testing/core-bench.ts";
import { createEmbeddedBench, type EmbeddedBench, kept } from "../../testing/embedded-bench.ts";
import type { Command } from "../store.ts";

const app = "app";
const users = ["a", "b", "c", "d"];
const user = fc.constantFrom(...users);
const device = fc.constantFrom("phone", "tab", "tv");
let number = 0;

type Step = (bench: EmbeddedBench) => Promise<unknown>;

/** A session of one of the devices. */
const logins: fc.Arbitrary<Step> = on(
  fc.record({ device, web: fc.boolean(), text: fc.option(fc.constantFrom("x", "y"), { nil: undefined }) }),
  (input) => (record, now, core) => {
    const custom = input.text === undefined ? undefined : { text: input.text, ttlMs: undefined };
    const platform = input.web ? Platform.WEB : Platform.ANDROID;
    const newSessionId = `s${++number}`;
    return login(record, { deviceId: input.device, platform, custom, tokenExpiresAtMs: null, newSessionId }, now, core);
  },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: logins, weight: 5 },
  on(device, (id) => (record, now, core) => logout(record, sessionOf(record, id), now, core)),
  on(device, (id) => (record, now, core) => renew(record, sessionOf(record, id), now + 3_600_000, now, core)),
  on(device, (id) => (record, now) => loseLink(record, sessionOf(record, id), now)),
  on(
    fc.constantFrom("", "in", "out"),
    (text) => (record, now, core) => setCustom(record, { text, ttlMs: undefined }, now, core),
  ),
  { arbitrary: subscribes(), weight: 4 },
  on(
    fc.record({ device, targets: fc.subarray(users) }),
    (input) => (record, _now, core) =>
      unsubscribe(record, sessionOf(record, input.device), input.targets.length > 0 ? input.targets : "all", core),
  ),
  on(fc.subarray(users), (friends) => (record, _now, core) => setFriends(record, friends, core)),
  on(fc.constant(0), () => register),
  on(fc.constant(0), () => remove),
  on(fc.constant(0), () => (record, now, core) => endSessions(record, [], now, core)),
  fc.boolean().map((plan) => (bench: EmbeddedBench) => bench.store.updateFeatures(app, { plan })),
  fc
    .boolean()
    .map((friendNotifications) => (bench: EmbeddedBench) => bench.store.updateFeatures(app, { friendNotifications })),
  fc
    .integer({ min: 0, max: 200_000 })
    .map((ms) => (bench: EmbeddedBench) => bench.store.advance(app, ms, ms % 4 !== 0)),
  fc.constant((bench: EmbeddedBench) => kept(bench.store)),
);

function subscribes(): fc.Arbitrary<Step> {
  const ttlMs = fc.integer({ min: 60_000, max: 900_000 });
  const input = fc.record({ device, targets: fc.subarray(users, { minLength: 1 }), ttlMs });
  return on(input, ({ device: id, targets, ttlMs: ms }) => (record, now, core) => {
    const named = targets.filter((userId) => userId !== record.userId).map((userId) => ({ userId, incarnation: 1 }));
    subscribe(record, sessionOf(record, id), named, ms, now, core);
  });
}

function on<T>(input: fc.Arbitrary<T>, make: (input: T) => Command<unknown>): fc.Arbitrary<Step> {
  return fc.record({ userId: user, input }).map(({ userId, input: of }) => async (bench: EmbeddedBench) => {
    try {
      await bench.store.update(app, userId, make(of));
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
    }
  });
}

function sessionOf(record: UserRecord, deviceId: string): string {
  const session = record.sessions.find((own) => own.deviceId === deviceId) ?? record.sessions[0];
  return session?.sessionId ?? "none";
}

/** Without what a restart gives anew: leases. */
async function image(bench: EmbeddedBench): Promise<unknown> {
  const records = await bench.store.read(app, users);
  return structuredClone({
    records: records.map((record) => ({
      ...record,
      // A lower bound, and of rows that are gone too.
      rowDueMs: 0,
      // Noted when somebody looks; nothing hangs on it while there are no rows.
      rowsEra: record.rows.size > 0 ? record.rowsEra : 0,
      sessions: record.sessions.map((session) => ({ ...session, leaseEndMs: 0, lossMs: 0 })),
      rows: [...record.rows],
      // Of rows that ended in one change, the order says nothing.
      endedRows: [...record.endedRows].sort((a, b) => a.seq - b.seq || a.generation - b.generation),
    })),
    features: await bench.store.features(app),
    featuresSeq: bench.store.featuresSeq(app),
    epoch: await bench.store.epoch(app),
    clock: await bench.store.clock(app),
  });
}

it.each(["standard", "zim", "tencent-web"])("%s: a crash leaves everything as it was", async (profile) => {
  const rules = rulesOf(profile);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), async (steps) => {
      const bench = createEmbeddedBench(rules);
      try {
        await bench.store.advance(app, 0, false);
        for (const run of steps) await run(bench);
        const before = await image(bench);
        await kept(bench.store);
        bench.crash();
        expect(await image(bench)).toEqual(before);
      } finally {
        bench.remove();
      }
    }),
    { numRuns: 50 },
  );
});
