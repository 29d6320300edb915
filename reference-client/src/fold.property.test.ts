// Properties of folding: order does not matter, and a resume gives what a snapshot gives.
import { create } from "@bufbuild/protobuf";
import {
  OnlineStatus,
  ResumeResult,
  type SubscribedUser,
  SubscribedUserSchema,
  SubscriptionEndReason,
  type UserStatus,
  UserStatusSchema,
  type WatchEvent,
  WatchEventSchema,
} from "@userstatus/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginWatch, foldEvent, foldQuery, foldSubscribed } from "./fold.ts";
import { createStatusTable, type StatusTable } from "./table.ts";

function statusOf(userId: string, revision: number): UserStatus {
  return create(UserStatusSchema, { userId, revision: BigInt(revision), onlineStatus: OnlineStatus.ONLINE });
}

function userOf(userId: string, generation: number, revision: number): SubscribedUser {
  return create(SubscribedUserSchema, {
    subscription: { userId, generation: BigInt(generation) },
    status: statusOf(userId, revision),
  });
}

const event = (init: Parameters<typeof create<typeof WatchEventSchema>>[1]): WatchEvent["event"] =>
  create(WatchEventSchema, init).event;

const snapshotEnd = event({ event: { case: "snapshotEnd", value: { cursor: new Uint8Array([1]) } } });

function openWatch(table: StatusTable, resumeResult: ResumeResult): void {
  beginWatch(table);
  foldEvent(table, event({ event: { case: "hello", value: { epoch: "E1", resumeResult } } }));
}

const contents = (table: StatusTable): unknown => ({
  statuses: [...table.statuses.values()].map((status) => [status.userId, status.revision]).sort(),
  rows: [...table.rows.values()].map((row) => [row.userId, row.generation]).sort(),
});

describe("order of folding", () => {
  const names = ["ann", "bob", "cyd"];
  const sightings = fc.array(
    fc.record({
      userId: fc.constantFrom(...names),
      revision: fc.nat(20),
      by: fc.constantFrom("stream", "subscribe", "query"),
      epoch: fc.constantFrom("E1", "E0"),
    }),
    { maxLength: 40 },
  );

  it("of statuses does not matter: the highest revision of the epoch stands", () => {
    fc.assert(
      fc.property(sightings, (seen) => {
        const table = createStatusTable(100);
        // E0 was left before: what still comes of it counts for nothing.
        foldSubscribed(table, "E0", []);
        openWatch(table, ResumeResult.RESET);
        foldSubscribed(
          table,
          "E1",
          names.map((name) => userOf(name, 1, 0)),
        );
        const highest = new Map(names.map((name) => [name, 0]));
        for (const { userId, revision, by, epoch } of seen) {
          if (by === "stream")
            foldEvent(table, event({ event: { case: "status", value: statusOf(userId, revision) } }));
          else if (by === "subscribe") foldSubscribed(table, epoch, [userOf(userId, 1, revision)]);
          else foldQuery(table, epoch, [statusOf(userId, revision)]);
          const counts = by === "stream" || epoch === "E1";
          if (counts) highest.set(userId, Math.max(highest.get(userId) ?? 0, revision));
        }
        const held = new Map([...table.statuses].map(([userId, status]) => [userId, Number(status.revision)]));
        expect(held).toEqual(highest);
      }),
    );
  });
});

/** A server in small: rows, friends, revisions, and a log of what each open Watch would be told. */
class ModelServer {
  readonly revisions = new Map<string, number>();
  readonly rows = new Map<string, number>();
  readonly friends = new Set<string>();
  readonly log: WatchEvent["event"][] = [];
  #generation = 0;

  #tell(init: Parameters<typeof create<typeof WatchEventSchema>>[1]): void {
    this.log.push(event(init));
  }

  #tellStatus(userId: string): void {
    this.#tell({ event: { case: "status", value: statusOf(userId, this.revisions.get(userId) ?? 0) } });
  }

  #tellEnd(userId: string, generation: number, stillVisible: boolean): void {
    const reason = SubscriptionEndReason.UNSUBSCRIBED;
    this.#tell({
      event: { case: "subscriptionEnded", value: { userId, generation: BigInt(generation), reason, stillVisible } },
    });
  }

  isVisible(userId: string): boolean {
    return this.rows.has(userId) || this.friends.has(userId);
  }

  change(userId: string): void {
    this.revisions.set(userId, (this.revisions.get(userId) ?? 0) + 1);
    if (this.isVisible(userId)) this.#tellStatus(userId);
  }

  subscribe(userId: string): void {
    if (!this.rows.has(userId)) this.#generation += 1;
    const generation = this.rows.get(userId) ?? this.#generation;
    this.rows.set(userId, generation);
    this.#tell({ event: { case: "subscribed", value: { userId, generation: BigInt(generation) } } });
    this.#tellStatus(userId);
  }

  unsubscribe(userId: string): void {
    const generation = this.rows.get(userId);
    if (generation === undefined) return;
    this.rows.delete(userId);
    this.#tellEnd(userId, generation, this.friends.has(userId));
  }

  befriend(userId: string): void {
    this.friends.add(userId);
    this.#tellStatus(userId);
  }

  unfriend(userId: string): void {
    if (this.friends.delete(userId)) this.#tellEnd(userId, 0, this.rows.has(userId));
  }

  snapshotInto(table: StatusTable): void {
    openWatch(table, ResumeResult.RESET);
    for (const [userId, generation] of this.rows) {
      foldEvent(table, event({ event: { case: "subscribed", value: { userId, generation: BigInt(generation) } } }));
      foldEvent(table, event({ event: { case: "status", value: statusOf(userId, this.revisions.get(userId) ?? 0) } }));
    }
    for (const userId of this.friends) {
      foldEvent(table, event({ event: { case: "status", value: statusOf(userId, this.revisions.get(userId) ?? 0) } }));
    }
    foldEvent(table, snapshotEnd);
  }
}

describe("coming back", () => {
  const steps = fc.array(
    fc.record({
      verb: fc.constantFrom("change", "subscribe", "unsubscribe", "befriend", "unfriend"),
      userId: fc.constantFrom("ann", "bob", "cyd", "dee"),
    }),
    { maxLength: 60 },
  );

  it("a resume from any cursor, a reset of what is held, and a fresh snapshot give the same table", () => {
    fc.assert(
      fc.property(steps, fc.nat(60), fc.nat(20), (script, cutAt, repeats) => {
        const server = new ModelServer();
        const resumed = createStatusTable(100);
        const reset = createStatusTable(100);
        openWatch(resumed, ResumeResult.RESET);
        foldEvent(resumed, snapshotEnd);
        openWatch(reset, ResumeResult.RESET);
        foldEvent(reset, snapshotEnd);
        for (const { verb, userId } of script) server[verb as "change"](userId);

        // Both saw the log up to the cut; one resumes from a cursor a little before it, which repeats what it saw.
        const cut = Math.min(cutAt, server.log.length);
        for (const told of server.log.slice(0, cut)) {
          foldEvent(resumed, told);
          foldEvent(reset, told);
        }
        openWatch(resumed, ResumeResult.RESUMED);
        for (const told of server.log.slice(Math.max(0, cut - repeats))) foldEvent(resumed, told);
        foldEvent(resumed, snapshotEnd);
        server.snapshotInto(reset);
        const fresh = createStatusTable(100);
        server.snapshotInto(fresh);

        expect(contents(resumed)).toEqual(contents(fresh));
        expect(contents(reset)).toEqual(contents(fresh));
        for (const userId of fresh.statuses.keys()) expect(server.isVisible(userId)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
