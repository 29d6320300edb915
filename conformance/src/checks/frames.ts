// Checks of SPEC §3, frame-size: no frame of a Watch is larger than 1 MiB, a snapshot of more than that is cut.
import { toBinary } from "@bufbuild/protobuf";
import { type Profile, SubscribedUserSchema } from "@userstatus/protocol";
import type { Bench, Check, TestUser, TestWatch } from "../check.ts";
import { rateOf, windowMs } from "./lib/a-profile.ts";
import { textOf } from "./lib/a-scenes.ts";

const frameBytesMax = 1024 * 1024;
/** Bytes of row and status without the text, at least: two ids and what stands around them. */
const rowBytesMin = 60;
/** Logins at once while a large snapshot is made. */
const loginsAtOnce = 32;

function framesFit(t: Bench, watch: TestWatch): void {
  const largest = Math.max(0, ...watch.seen.map(({ frameBytes }) => frameBytes));
  t.ok(
    largest > 0 && largest <= frameBytesMax,
    `The largest frame has at most ${frameBytesMax} bytes, and some`,
    largest,
  );
}

function rowsMax(profile: Profile): number {
  return profile.subscription?.maxSubscriptions ?? 0;
}

function textBytes(profile: Profile): number {
  return profile.customStatus?.maxBytes ?? 0;
}

function inBatches<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

/** The windows that must pass between the calls that subscribe to as many as a large snapshot takes. */
function pacedMs(profile: Profile): number {
  const rows = Math.min(rowsMax(profile), Math.ceil((1.1 * frameBytesMax) / (textBytes(profile) + rowBytesMin)));
  const calls = Math.ceil(rows / (profile.subscription?.subscribeBatchMax ?? 1));
  const limit = rateOf(profile, "Subscribe");
  return limit ? Math.floor((calls - 1) / limit.maxCalls) * windowMs(limit) : 0;
}

/** Bytes of a row with its status in the answer of Subscribe, of a user with this text. */
async function rowBytes(t: Bench, text: string): Promise<number> {
  const target = await t.session({ text });
  const [row] = await (await t.session()).subscribe([target.user.id]);
  t.ok(row?.result.case === "subscribed", "Subscribe answers with a row", row);
  return toBinary(SubscribedUserSchema, row.result.value).length;
}

async function inTurns(users: readonly TestUser[], act: (user: TestUser) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < users.length; from += loginsAtOnce) {
    await Promise.all(users.slice(from, from + loginsAtOnce).map(act));
  }
}

export const frameChecks: readonly Check[] = [
  {
    id: "frame-size/small",
    title: "The frames of a snapshot with a batch of rows, and of what follows, have at most 1 MiB",
    run: async (t: Bench) => {
      const count = Math.min(t.profile.subscription?.subscribeBatchMax ?? 1, rowsMax(t.profile), 20);
      const targets = await t.users(count);
      const session = await t.session();
      await session.subscribe(targets.map(({ id }) => id));
      const watch = await session.watch();
      for (const { id } of targets.slice(0, 3)) t.ok(watch.held(id) !== undefined, "The snapshot has each target", id);
      await targets[0]?.login({ text: "x".repeat(textBytes(t.profile)) });
      await watch.fence();
      framesFit(t, watch);
    },
  },
  {
    id: "frame-size/large-snapshot",
    title: "A snapshot of more than 1 MiB is cut into frames of at most that",
    applies: (profile) =>
      rowsMax(profile) * (textBytes(profile) + rowBytesMin) > 1.2 * frameBytesMax ||
      "the rows that this profile allows make no snapshot of more than 1 MiB",
    timeMs: pacedMs,
    run: async (t: Bench) => {
      const text = "x".repeat(textBytes(t.profile));
      const count = Math.min(rowsMax(t.profile), Math.ceil((1.1 * frameBytesMax) / (await rowBytes(t, text))));
      const targets = await t.users(count);
      await inTurns(targets, (user) => user.login({ text }));
      const session = await t.session();
      const batches = inBatches(targets, t.profile.subscription?.subscribeBatchMax ?? 1);
      const limit = rateOf(t.profile, "Subscribe");
      for (const [index, batch] of batches.entries()) {
        if (limit && index > 0 && index % limit.maxCalls === 0) await t.time.pass(windowMs(limit), [session]);
        await session.heartbeat();
        await session.subscribe(batch.map(({ id }) => id));
      }
      const watch = await session.watch();
      t.equal(textOf(watch.held(targets.at(-1)?.id ?? "")), text, "Text of the last target in the snapshot");
      framesFit(t, watch);
    },
  },
];
