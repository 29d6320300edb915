import { create } from "@bufbuild/protobuf";
import { UserStatusSchema } from "@userstatus/protocol";
import { beforeEach, expect, it } from "vitest";
import { createPasses, type Passes } from "./passes.ts";
import { type Event, newsOf, type StatusNews, type Visibility, Watch } from "./watch.ts";

let turns: (() => void)[];
let passes: Passes;
let watchers: Map<Watch, Visibility>;
let all: Watch[];

const key = "app\nbob";

function watchOf(appId = "app"): Watch {
  const hello: Event = { case: "synced", value: { $typeName: "userstatus.v1.Synced", marker: "hello" } };
  const identity = { id: "w", appId, userId: "u", sessionId: "s", epoch: "e" };
  const noop = (): void => {};
  const options = { ...identity, breakOff: noop, wallNow: () => 0, hello: () => hello, tableMax: 100, onEnding: noop };
  const watch = new Watch(options);
  watch.begin(() => []);
  return watch;
}

function show(watch: Watch): void {
  const seen: Visibility = { generation: 1, friend: false, gone: false, carried: -1, waiting: -1 };
  watch.visible.set("bob", seen);
  watchers.set(watch, seen);
}

function news(revision: number): StatusNews {
  return newsOf(create(UserStatusSchema, { userId: "bob", revision: BigInt(revision) }));
}

/** Revisions that have come to each Watch. */
function carried(): number[] {
  return all.map((watch) => watch.visible.get("bob")?.carried ?? -2);
}

/** One turn of the event loop. */
function turn(): void {
  for (const run of turns.splice(0)) run();
}

beforeEach(() => {
  turns = [];
  passes = createPasses((run) => void turns.push(run), 2);
  watchers = new Map();
  all = Array.from({ length: 5 }, () => watchOf());
  for (const watch of all) show(watch);
});

it("tells a few at once, and many in slices", () => {
  const [first, ...others] = all;
  for (const watch of others) watchers.delete(watch);
  passes.tell(key, watchers, news(1));
  expect([carried()[0], turns.length, first && passes.telling(first)]).toEqual([1, 0, false]);
  for (const watch of others) show(watch);
  passes.tell(key, watchers, news(2));
  const seen = [carried()];
  while (turns.length > 0) {
    turn();
    seen.push(carried());
  }
  const counts = seen.map((revisions) => revisions.filter((revision) => revision === 2).length);
  expect(counts).toEqual([2, 4, 5]);
});

it("ends a pass before the newest news begins one, and leaves out what came between", async () => {
  passes.tell(key, watchers, news(1));
  passes.tell(key, watchers, news(2));
  passes.tell(key, watchers, news(3));
  const [, , , , last] = all;
  if (!last) throw new Error("five");
  let told = false;
  const done = passes.told(last).then(() => {
    told = true;
  });
  turn();
  turn();
  expect(carried()).toEqual([1, 1, 1, 1, 1]);
  await Promise.resolve();
  expect([told, passes.telling(last)]).toEqual([false, true]);
  while (turns.length > 0) turn();
  await done;
  expect(carried()).toEqual([3, 3, 3, 3, 3]);
  expect(passes.telling(last)).toBe(false);
});

it("lets a Watch that left alone, and tells one that came, in whichever map the index has by then", () => {
  passes.tell(key, watchers, news(1));
  passes.tell(key, watchers, news(2));
  const [, , , gone] = all;
  if (gone) watchers.delete(gone);
  watchers = new Map(watchers);
  const late = watchOf();
  show(late);
  passes.tell(key, watchers, news(3));
  while (turns.length > 0) turn();
  expect(carried()).toEqual([3, 3, 3, -1, 3]);
  expect(late.visible.get("bob")?.carried).toBe(3);
});

it("tells nothing more of a target that is gone, and holds nobody up for it", async () => {
  passes.tell(key, watchers, news(1));
  const last = all.at(-1);
  if (!last) throw new Error("five");
  const told = passes.told(last);
  passes.drop(key);
  while (turns.length > 0) turn();
  expect(carried()).toEqual([1, 1, -1, -1, -1]);
  expect(passes.telling(last)).toBe(false);
  await told;
});

it("tells nothing more of anybody when what is on its way was undone", () => {
  passes.tell(key, watchers, news(1));
  passes.clear();
  while (turns.length > 0) turn();
  expect(carried()).toEqual([1, 1, -1, -1, -1]);
  passes.tell(key, watchers, news(2));
  while (turns.length > 0) turn();
  expect(carried()).toEqual([2, 2, 2, 2, 2]);
});

it("concerns only Watches of the app that show the target", () => {
  passes.tell(key, watchers, news(1));
  const elsewhere = watchOf("other");
  show(elsewhere);
  const blind = watchOf();
  expect([passes.telling(elsewhere), passes.telling(blind)]).toEqual([false, false]);
});
