import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  OnlineStatus,
  ResumeResult,
  SelfStatusSchema,
  type SubscribedUser,
  SubscribedUserSchema,
  SubscriptionEndReason,
  type UserStatus,
  UserStatusSchema,
  WatchEventSchema,
} from "@userstatus/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import {
  beginWatch,
  foldEvent,
  foldListed,
  foldQuery,
  foldSelf,
  foldSubscribed,
  foldUnsubscribed,
  generationsOf,
} from "./fold.ts";
import { type Change, createStatusTable, type StatusTable } from "./table.ts";

type EventInit = NonNullable<MessageInitShape<typeof WatchEventSchema>["event"]>;

let table: StatusTable;

beforeEach(() => {
  table = createStatusTable(100);
});

function status(userId: string, revision: number, text = `r${revision}`): UserStatus {
  return create(UserStatusSchema, {
    userId,
    revision: BigInt(revision),
    onlineStatus: OnlineStatus.ONLINE,
    customStatus: { text },
  });
}

function user(userId: string, generation: number, revision: number, refreshMs = 0): SubscribedUser {
  const subscription = { userId, generation: BigInt(generation), refreshTime: timestampFromMs(refreshMs) };
  return create(SubscribedUserSchema, { subscription, status: status(userId, revision) });
}

function fold(event: EventInit): Change[] {
  return foldEvent(table, create(WatchEventSchema, { event }).event);
}

function hello(epoch = "E1", resumeResult: ResumeResult = ResumeResult.RESET): Change[] {
  beginWatch(table);
  return fold({ case: "hello", value: { epoch, resumeResult } });
}

function row(userId: string, generation: number, refreshMs = 0): Change[] {
  return fold({
    case: "subscribed",
    value: { userId, generation: BigInt(generation), refreshTime: timestampFromMs(refreshMs) },
  });
}

const live = (userId: string, revision: number): Change[] => fold({ case: "status", value: status(userId, revision) });

function ended(userId: string, generation: number, stillVisible = false): Change[] {
  const reason = SubscriptionEndReason.EXPIRED;
  return fold({ case: "subscriptionEnded", value: { userId, generation: BigInt(generation), reason, stillVisible } });
}

const snapshotEnd = (): Change[] => fold({ case: "snapshotEnd", value: { cursor: new Uint8Array([1]) } });

const revisionOf = (userId: string): number | undefined => {
  const held = table.statuses.get(userId);
  return held === undefined ? undefined : Number(held.revision);
};

/** Connected, with a row of generation 1 to `bob` at revision 5. */
function withBob(): void {
  hello();
  row("bob", 1);
  live("bob", 5);
  snapshotEnd();
}

describe("client-fold", () => {
  it("keeps the highest revision, from stream and answers alike", () => {
    withBob();
    expect(live("bob", 7)).toMatchObject([{ kind: "status", userId: "bob", previous: { revision: 5n } }]);
    expect(live("bob", 6)).toEqual([]);
    expect(foldSubscribed(table, "E1", [user("bob", 1, 6)])).toEqual([]);
    expect(foldQuery(table, "E1", [status("bob", 6)]).newest[0]?.revision).toBe(7n);
    expect(revisionOf("bob")).toBe(7);
    expect(foldQuery(table, "E1", [status("bob", 9)]).changes).toHaveLength(1);
    expect(revisionOf("bob")).toBe(9);
  });

  it("does not mistake a queried stranger for a target, but remembers him", () => {
    withBob();
    expect(foldQuery(table, "E1", [status("eve", 4)]).changes).toEqual([]);
    expect(table.statuses.has("eve")).toBe(false);
    expect(foldQuery(table, "E1", [status("eve", 3)]).newest[0]?.revision).toBe(4n);
    foldSubscribed(table, "E1", [user("eve", 2, 3)]);
    expect(revisionOf("eve")).toBe(4);
  });

  it("keeps the newest self status, and apart from what a query says of oneself", () => {
    const self = (revision: number) => create(SelfStatusSchema, { status: status("me", revision) });
    foldSelf(table, "E1", self(3));
    expect(foldSelf(table, "E1", self(2))).toEqual([]);
    expect(table.self?.status?.revision).toBe(3n);
    expect(foldQuery(table, "E1", [status("me", 90)])).toMatchObject({ changes: [], newest: [{ revision: 90n }] });
    expect(table.self?.status?.revision).toBe(3n);
  });

  it("forgets another user's things when somebody else logs in", () => {
    withBob();
    foldSelf(table, "E1", create(SelfStatusSchema, { status: status("me", 3) }));
    foldSelf(table, "E1", create(SelfStatusSchema, { status: status("you", 1) }));
    expect([...table.statuses.keys(), ...table.rows.keys()]).toEqual([]);
    expect(table.self?.status?.userId).toBe("you");
  });

  it("stays within its bound and says so", () => {
    table = createStatusTable(2);
    hello();
    for (const userId of ["a", "b", "c"]) live(userId, 1);
    expect(live("d", 1)).toEqual([{ kind: "overflow", userId: "d" }]);
    expect(row("d", 1)).toMatchObject([{ kind: "row", row: { userId: "d" } }]);
    expect([...table.statuses.keys()]).toEqual(["a", "b"]);
    expect(live("a", 2)).toHaveLength(1);
  });
});

describe("client-epoch", () => {
  it("drops what it holds when the stream tells a new epoch", () => {
    withBob();
    expect(hello("E2")).toMatchObject([{ kind: "status", userId: "bob", status: undefined }]);
    expect([...table.statuses.keys(), ...table.rows.keys()]).toEqual([]);
    row("bob", 1);
    live("bob", 1);
    expect(revisionOf("bob")).toBe(1);
  });

  it("drops it when an answer tells a new epoch, and then ignores the older stream and late answers", () => {
    withBob();
    foldSubscribed(table, "E2", [user("carol", 1, 1)]);
    expect(table.epoch).toBe("E2");
    expect([...table.statuses.keys()]).toEqual(["carol"]);
    expect(live("bob", 99)).toEqual([]);
    expect(foldSubscribed(table, "E1", [user("bob", 1, 99)])).toEqual([]);
    expect(foldQuery(table, "E1", [status("carol", 99)]).changes).toEqual([]);
    expect(revisionOf("carol")).toBe(1);
  });
});

describe("client-generation", () => {
  it("ignores the end of an older row", () => {
    withBob();
    foldSubscribed(table, "E1", [user("bob", 2, 5)]);
    expect(ended("bob", 1)).toEqual([]);
    expect(table.rows.get("bob")?.generation).toBe(2n);
    expect(ended("bob", 2)).toMatchObject([
      { kind: "ended", userId: "bob", generation: 2n },
      { kind: "status", status: undefined },
    ]);
    expect(table.statuses.has("bob")).toBe(false);
  });

  it("does not bring a row back by an answer that comes after its end, but does by the stream", () => {
    withBob();
    ended("bob", 1);
    foldSubscribed(table, "E1", [user("bob", 1, 5)]);
    foldListed(table, "E1", [user("bob", 1, 5)]);
    expect(table.rows.has("bob")).toBe(false);
    expect(table.statuses.has("bob")).toBe(false);
    row("bob", 1);
    expect(table.rows.has("bob")).toBe(true);
  });

  it("tells an end once, though a resume may repeat it", () => {
    withBob();
    expect(ended("bob", 1)).toHaveLength(2);
    hello("E1", ResumeResult.RESUMED);
    expect(ended("bob", 1)).toEqual([]);
  });

  it("tells the end of a row that it never saw, and leaves out the answer that made it", () => {
    hello();
    snapshotEnd();
    expect(ended("bob", 4)).toMatchObject([{ kind: "ended", generation: 4n }]);
    expect(foldSubscribed(table, "E1", [user("bob", 4, 1)])).toEqual([]);
    expect(table.rows.has("bob")).toBe(false);
    expect(ended("", 5)).toEqual([]);
  });

  it("keeps the status of a friend, and an explicit row when a friend's implicit one ends", () => {
    withBob();
    expect(ended("bob", 1, true)).toMatchObject([{ kind: "ended", stillVisible: true }]);
    expect(revisionOf("bob")).toBe(5);
    expect(ended("bob", 0)).toMatchObject([
      { kind: "ended", generation: 0n },
      { kind: "status", status: undefined },
    ]);
    row("eve", 4);
    live("eve", 1);
    expect(ended("eve", 0)).toEqual([]);
    expect(revisionOf("eve")).toBe(1);
  });

  it("keeps the later of two refreshes of one row, and tells each row once", () => {
    withBob();
    expect(row("bob", 1, 900)).toMatchObject([
      { kind: "row", row: { refreshTime: timestampFromMs(900) }, previous: { refreshTime: timestampFromMs(0) } },
    ]);
    expect(row("bob", 1, 900)).toEqual([]);
    expect(foldSubscribed(table, "E1", [user("bob", 1, 5, 800)])).toEqual([]);
    expect(table.rows.get("bob")?.refreshTime).toEqual(timestampFromMs(900));
  });
});

describe("client-snapshot", () => {
  it("drops what the snapshot did not name", () => {
    withBob();
    hello();
    row("carol", 2);
    live("carol", 1);
    expect(snapshotEnd()).toMatchObject([
      { kind: "ended", userId: "bob", reason: SubscriptionEndReason.UNSPECIFIED, stillVisible: false },
      { kind: "status", userId: "bob", status: undefined },
    ]);
    expect([...table.statuses.keys()]).toEqual(["carol"]);
  });

  it("keeps what was subscribed to since the Watch was called, also before its hello came", () => {
    withBob();
    beginWatch(table);
    foldSubscribed(table, "E1", [user("dave", 3, 1)]);
    fold({ case: "hello", value: { epoch: "E1", resumeResult: ResumeResult.RESET } });
    foldSubscribed(table, "E1", [user("eve", 4, 1)]);
    snapshotEnd();
    expect([...table.rows.keys()]).toEqual(["dave", "eve"]);
    expect([...table.statuses.keys()]).toEqual(["dave", "eve"]);
  });

  it("does not keep a target for the sake of a query", () => {
    withBob();
    hello();
    foldQuery(table, "E1", [status("bob", 8)]);
    snapshotEnd();
    expect(table.statuses.has("bob")).toBe(false);
  });

  it("drops a row and keeps the status of one who is a friend as well", () => {
    withBob();
    hello();
    live("bob", 5);
    expect(snapshotEnd()).toMatchObject([{ kind: "ended", userId: "bob", stillVisible: true }]);
    expect(table.rows.has("bob")).toBe(false);
    expect(revisionOf("bob")).toBe(5);
  });

  it("drops nothing when the Watch was resumed", () => {
    withBob();
    hello("E1", ResumeResult.RESUMED);
    expect(snapshotEnd()).toEqual([]);
    expect(revisionOf("bob")).toBe(5);
  });

  it("a row that the snapshot left out may come right behind it", () => {
    withBob();
    hello();
    snapshotEnd();
    row("bob", 1);
    expect(table.rows.has("bob")).toBe(true);
  });
});

describe("unsubscribe", () => {
  it("takes the row at the answer, and the status and the news when the stream tells", () => {
    withBob();
    foldUnsubscribed(table, ["bob"], generationsOf(table, ["bob"]));
    expect(table.rows.has("bob")).toBe(false);
    expect(revisionOf("bob")).toBe(5);
    expect(ended("bob", 1)).toMatchObject([{ kind: "ended" }, { kind: "status", status: undefined }]);
  });

  it("leaves a row that another device made after the call", () => {
    withBob();
    const generations = generationsOf(table, ["bob"]);
    row("bob", 2);
    foldUnsubscribed(table, ["bob"], generations);
    expect(table.rows.get("bob")?.generation).toBe(2n);
  });

  it("tells the end at the next snapshot if the stream broke before it did", () => {
    withBob();
    foldUnsubscribed(table, ["bob"], generationsOf(table, ["bob"]));
    hello();
    expect(snapshotEnd()).toMatchObject([
      { kind: "ended", userId: "bob", reason: SubscriptionEndReason.UNSUBSCRIBED },
      { kind: "status", userId: "bob", status: undefined },
    ]);
  });
});

describe("client-unknown and client-expiry", () => {
  it("changes nothing for events, or parts of them, that it does not know", () => {
    withBob();
    expect(foldEvent(table, { case: undefined })).toEqual([]);
    expect(fold({ case: "status", value: { revision: 3n } })).toEqual([]);
    expect(fold({ case: "self", value: {} })).toEqual([]);
    expect(
      fold({ case: "status", value: { userId: "bob", revision: 8n, onlineStatus: 77 as OnlineStatus } }),
    ).toHaveLength(1);
    expect(foldSubscribed(table, "E1", [create(SubscribedUserSchema, {})])).toEqual([]);
    expect(foldSubscribed(table, "", [user("zoe", 1, 1)])).toEqual([]);
  });

  it("keeps a text past its expiry until the server tells", () => {
    hello();
    const customStatus = { text: "lunch", expireTime: timestampFromMs(1) };
    fold({ case: "status", value: { userId: "bob", revision: 1n, customStatus } });
    snapshotEnd();
    expect(table.statuses.get("bob")?.customStatus?.text).toBe("lunch");
  });
});
