import { create } from "@bufbuild/protobuf";
import { SubscriptionEndReason, UserStatusSchema, WatchEndReason } from "@userstatus/protocol";
import { beforeEach, expect, it } from "vitest";
import { createFlusher, type FollowDeps, Follower } from "./follow.ts";
import type { FrameSink } from "./frame-sink.ts";
import { type Event, Watch } from "./watch.ts";

let turns: (() => void)[];
let sent: string[];
let room: boolean;
let drained: (() => void) | undefined;
let watch: Watch;
let settling: (() => void)[] | undefined;
/** Frames that wait to be durable; undefined: nothing has to wait. */
let holding: ((durable: boolean) => void)[] | undefined;

/** Runs what was put off, until nothing is. */
function runTurns(): void {
  for (let turn = turns.shift(); turn; turn = turns.shift()) turn();
}

function start(
  encode = (events: readonly Event[]): Buffer => Buffer.from(events.map(wordOf).join(" ")),
): Promise<void> {
  const sink: FrameSink = {
    codec: "proto",
    connection: undefined,
    write: (frame) => {
      sent.push(frame.toString());
      return room;
    },
    whenDrained: (run) => {
      drained = run;
    },
  };
  const encoder = Object.assign(encode, { status: (event: Event) => encode([event]) });
  const deps: FollowDeps = {
    encoders: { proto: encoder, json: encoder },
    take: (of) => of.take(() => ({ case: "synced", value: { $typeName: "userstatus.v1.Synced", marker: "progress" } })),
    settle: () => settling && new Promise<void>((resolve) => void settling?.push(resolve)),
    flusher: createFlusher((run) => void turns.push(run)),
    hold: (release) => holding?.push(release) !== undefined,
  };
  const done = new Promise<void>((resolve, reject) => {
    new Follower(watch, sink, deps, (fault) => (fault === undefined ? resolve() : reject(fault))).start();
  });
  runTurns();
  return done;
}

function wordOf(event: Event): string {
  if (event.case === "status") return `${event.value.userId}${event.value.revision}`;
  if (event.case === "synced") return event.value.marker;
  return event.case ?? "";
}

function put(userId: string, revision: number): void {
  watch.putStatus(create(UserStatusSchema, { userId, revision: BigInt(revision) }));
}

beforeEach(() => {
  [turns, sent, room, drained, settling, holding] = [[], [], true, undefined, undefined, undefined];
  const hello: Event = { case: "synced", value: { $typeName: "userstatus.v1.Synced", marker: "hello" } };
  const identity = { id: "w", appId: "app", userId: "u", sessionId: "s", epoch: "e", breakOff: () => {} };
  watch = new Watch({ ...identity, wallNow: () => 0, hello: () => hello, tableMax: 100, onEnding: () => {} });
  for (const target of ["a", "b"])
    watch.visible.set(target, { generation: 1, friend: false, gone: false, carried: -1, waiting: -1 });
  watch.begin(() => []);
});

it("what changes in one turn leaves as one frame, in order", () => {
  void start();
  put("a", 1);
  put("b", 1);
  watch.putMarker("mark");
  expect(sent).toEqual([]);
  runTurns();
  put("a", 2);
  runTurns();
  expect(sent).toEqual(["a1 b1 mark", "a2"]);
});

it("while the connection is full, values are replaced, and nothing is written", () => {
  void start();
  room = false;
  put("a", 1);
  runTurns();
  for (let revision = 2; revision < 1000; revision++) put("a", revision);
  put("b", 1);
  runTurns();
  expect(sent).toEqual(["a1"]);
  room = true;
  drained?.();
  runTurns();
  expect(sent).toEqual(["a1", "a999 b1"]);
});

it("values that ended while they waited are settled before they leave", async () => {
  void start();
  settling = [];
  put("a", 1);
  runTurns();
  put("a", 2);
  runTurns();
  expect([sent, settling.length]).toEqual([[], 1]);
  settling[0]?.();
  await Promise.resolve();
  runTurns();
  expect(sent).toEqual(["a2"]);
});

it("is over when the end of the stream was written, or nobody reads any more", async () => {
  const ended = start();
  put("a", 1);
  watch.putEnded("b", 1, SubscriptionEndReason.EXPIRED);
  watch.finish(WatchEndReason.DRAIN, true);
  runTurns();
  await ended;
  expect(sent).toEqual(["a1 subscriptionEnded watchEnd"]);
});

it("is over when its client is gone, though the connection is full", async () => {
  const ended = start();
  room = false;
  put("a", 1);
  runTurns();
  watch.abandon();
  runTurns();
  await ended;
});

it("an encoder that fails ends it with the fault", async () => {
  const fault = new Error("no bytes");
  const work = start(() => {
    throw fault;
  });
  put("a", 1);
  runTurns();
  await expect(work).rejects.toBe(fault);
});

it("many are fed in slices, with a turn of the loop between", () => {
  const flusher = createFlusher((run) => void turns.push(run));
  let fed = 0;
  for (let at = 0; at < 1000; at++) flusher.add({ lane: undefined, flush: () => void fed++ });
  const steps: number[] = [];
  for (let turn = turns.shift(); turn; turn = turns.shift()) {
    turn();
    steps.push(fed);
  }
  expect(steps).toEqual([256, 512, 768, 1000]);
});

it("streams of one connection are fed in one turn, whatever comes between; many of them in slices, too", () => {
  const flusher = createFlusher((run) => void turns.push(run));
  const [one, other] = [flusher.laneOf({}), flusher.laneOf({})];
  let fed: string[] = [];
  const add = (lane: typeof one, name: string): void => flusher.add({ lane, flush: () => void fed.push(name) });
  for (let at = 0; at < 200; at++) {
    add(one, "one");
    add(other, "other");
  }
  for (let at = 0; at < 300; at++) add(undefined, "alone");
  const steps: string[] = [];
  const step = (): void => {
    turns.shift()?.();
    const count = (name: string): number => fed.filter((found) => found === name).length;
    steps.push(`${count("one")} ${count("other")} ${count("alone")}`);
    fed = [];
  };
  while (turns.length > 0) step();
  expect(steps).toEqual(["200 200 0", "0 0 256", "0 0 44"]);
  for (let at = 0; at < 600; at++) add(one, "one");
  while (turns.length > 0) step();
  expect(steps.slice(3)).toEqual(["256 0 0", "256 0 0", "88 0 0"]);
});

it("one that throws, against the rule, keeps nobody else from being fed", () => {
  const flusher = createFlusher((run) => void turns.push(run));
  let fed = 0;
  const bad = (): void => {
    throw new Error("bad");
  };
  flusher.add({ lane: undefined, flush: bad });
  flusher.add({ lane: undefined, flush: () => void fed++ });
  expect(() => turns.shift()?.()).toThrow("bad");
  flusher.add({ lane: undefined, flush: () => void fed++ });
  runTurns();
  expect(fed).toBe(2);
});

it("a frame waits until what it tells is durable, and what comes meanwhile goes into the next", () => {
  void start();
  holding = [];
  put("a", 1);
  runTurns();
  put("a", 2);
  put("b", 1);
  put("b", 2);
  runTurns();
  expect([sent, holding.length]).toEqual([[], 1]);
  holding.shift()?.(true);
  runTurns();
  expect([sent, holding.length]).toEqual([["a1"], 1]);
  holding.shift()?.(true);
  expect(sent).toEqual(["a1", "a2 b2"]);
});

it("a frame that tells of what was undone is dropped, and the stream ends with RESYNC", async () => {
  const done = start();
  holding = [];
  put("a", 1);
  runTurns();
  const [release] = holding;
  holding = undefined;
  release?.(false);
  runTurns();
  await done;
  expect(sent).toEqual(["watchEnd"]);
});

it("a stream whose client leaves while a frame is held is over when that is released", async () => {
  const done = start();
  holding = [];
  put("a", 1);
  runTurns();
  watch.abandon();
  runTurns();
  holding.shift()?.(true);
  await done;
});

it("an end that was undone gives way to RESYNC, and work in flight counts as something to undo", async () => {
  void start();
  room = false;
  put("a", 1);
  runTurns();
  watch.finish(WatchEndReason.LOGGED_OUT, false);
  watch.undo();
  expect(watch.take(() => ({ case: undefined }))).toMatchObject([
    { case: "watchEnd", value: { reason: WatchEndReason.RESYNC, mayResume: true } },
  ]);
  const other = new Watch({
    ...watch,
    wallNow: () => 0,
    hello: () => ({ case: undefined }),
    tableMax: 9,
    onEnding: () => {},
  });
  other.begin(() => []);
  other.undo();
  expect(other.ended).toBe(false);
  void other.track(new Promise(() => {}));
  other.undo();
  expect(other.ended).toBe(true);
});
