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
    timeMs: (profile) => 40 * windowMs(rateOf(profile, "Subscribe")),
    run: async (t: Bench) => {
      const text = "x".repeat(textBytes(t.profile));
      const batchMax = t.profile.subscription?.subscribeBatchMax ?? 1;
      const limit = rateOf(t.profile, "Subscribe");
      const session = await t.session();
      let [bytes, rows, calls] = [0, 0, 0];
      let last: string | undefined;
      while (bytes < 1.1 * frameBytesMax && rows < rowsMax(t.profile)) {
        const targets = await t.users(Math.min(batchMax, 200, rowsMax(t.profile) - rows));
        await inTurns(targets, (user) => user.login({ text }));
        if (limit && calls > 0 && calls % limit.maxCalls === 0) await t.time.pass(windowMs(limit), [session]);
        const results = await session.subscribe(targets.map(({ id }) => id));
        for (const { result } of results) {
          if (result.case === "subscribed") bytes += toBinary(SubscribedUserSchema, result.value).length;
        }
        rows += targets.length;
        calls += 1;
        last = targets.at(-1)?.id;
      }
      t.note(`${rows} rows of together ${bytes} bytes`);
      const watch = await session.watch();
      t.equal(textOf(watch.held(last ?? "")), text, "Text of the last target in the snapshot");
      framesFit(t, watch);
    },
  },
];
