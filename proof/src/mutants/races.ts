// Defects of order and of races: what is read before interest is registered, what overtakes, what comes back (SPEC §10, §11, §12, §13).
import { SubscriptionEndReason } from "@userstatus/protocol";
import { callerOf, type PresenceSeams, publicStatus, type UserRecord } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import { type Any, all, answers, type Event, events, methods, without } from "../seam-tools.ts";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A Watch whose statuses are read first, by a read that takes some milliseconds, and whose interest is registered then: what changes in
 * between is neither in the snapshot nor told.
 */
function snapshotReadFirst(): PresenceSeams {
  const readBefore = new Map<string, Map<string, UserRecord>>();
  return {
    store: (store) => ({
      ...store,
      read: async (appId, userIds) => {
        const records = await store.read(appId, userIds);
        const before = readBefore.get(appId);
        return before ? records.map((record) => before.get(record.userId) ?? record) : records;
      },
    }),
    user: (service, deps) => ({
      ...service,
      watch: async function* (request, context) {
        const { appId, userId } = callerOf(context);
        const [own] = await deps.store.read(appId, [userId]);
        const targets = [...(own?.rows.keys() ?? [])];
        const before = (await deps.store.read(appId, targets)).map((record) => structuredClone(record) as UserRecord);
        await wait(15);
        const inner = (service.watch(request, context) as AsyncIterable<Any>)[Symbol.asyncIterator]();
        try {
          readBefore.set(appId, new Map(before.map((record) => [record.userId, record])));
          let next = await inner.next();
          readBefore.delete(appId);
          for (; !next.done; next = await inner.next()) yield next.value;
        } finally {
          readBefore.delete(appId);
          await inner.return?.();
        }
      },
    }),
  };
}

/** Subscribe reads the statuses first, and makes the rows some milliseconds later; the stream believes that the answer has told them. */
function subscribeReadsFirst(): PresenceSeams {
  return all(
    methods((service, deps) => ({
      subscribe: async (request, context) => {
        const { appId } = callerOf(context);
        const records = await deps.store.read(appId, request.userIds);
        const statuses = new Map(records.map((record) => [record.userId, publicStatus(record, deps.rules)]));
        await wait(15);
        const answer = await service.subscribe(request, context);
        return {
          ...answer,
          results: answer.results.map((one: Any) =>
            one.result.case === "subscribed"
              ? {
                  ...one,
                  result: { case: "subscribed", value: { ...one.result.value, status: statuses.get(one.userId) } },
                }
              : one,
          ),
        };
      },
    })),
    events(() => {
      let live = false;
      const fresh = new Set<string>();
      return (event) => {
        if (event.case === "snapshotEnd") live = true;
        if (live && event.case === "subscribed") fresh.add(event.value.userId);
        return live && event.case === "status" && fresh.delete(event.value.userId) ? [] : [event];
      };
    }),
  );
}

/** Rewrites the generation of ends for this reason. */
const endsOf = (reason: SubscriptionEndReason, edit: (generation: bigint) => bigint): PresenceSeams =>
  events(
    () => (event) =>
      event.case === "subscriptionEnded" && event.value.reason === reason
        ? [{ case: "subscriptionEnded", value: { ...event.value, generation: edit(event.value.generation) } }]
        : [event],
  );

/** Ends come with another reason. */
const endsAs = (from: SubscriptionEndReason, to: SubscriptionEndReason): PresenceSeams =>
  events(
    () => (event) =>
      event.case === "subscriptionEnded" && event.value.reason === from
        ? [{ case: "subscriptionEnded", value: { ...event.value, reason: to } }]
        : [event],
  );

/** Repeats an end behind the row that was made anew, which then stands with its client no more. */
const lateEnd = (): PresenceSeams =>
  events(() => {
    const ended = new Map<string, Event>();
    return (event) => {
      if (event.case === "subscriptionEnded") ended.set(event.value.userId, event);
      if (event.case !== "subscribed") return [event];
      const before = ended.get(event.value.userId);
      ended.delete(event.value.userId);
      if (before?.case !== "subscriptionEnded") return [event];
      return [event, { case: "subscriptionEnded", value: { ...before.value, generation: event.value.generation } }];
    };
  });

export const raceMutants: readonly Mutant[] = [
  {
    id: "watch-snapshot/read-first",
    defect: "A Watch reads the statuses first and registers its interest then: a change in between is lost.",
    seams: snapshotReadFirst,
  },
  {
    id: "sub-race/answer-read-first",
    defect:
      "Subscribe reads the statuses first and makes the rows then: a change in between is in neither answer nor stream.",
    seams: subscribeReadsFirst,
  },
  {
    id: "sub-race/stream-sends-the-older",
    defect: "After a new row the stream tells the status as it was before.",
    seams: () =>
      events(() => {
        const first = new Map<string, Event>();
        return (event) => {
          if (event.case !== "status") return [event];
          const before = first.get(event.value.userId) ?? event;
          first.set(event.value.userId, event);
          return [before];
        };
      }),
  },
  {
    id: "unsub-ends/older-generation",
    defect: "The end names an older generation than that of the row.",
    seams: () => endsOf(SubscriptionEndReason.UNSUBSCRIBED, (generation) => generation - 1n),
  },
  {
    id: "sub-expires/older-generation",
    defect: "The end names an older generation than that of the row.",
    profiles: ["standard", "zim"],
    seams: () => endsOf(SubscriptionEndReason.EXPIRED, (generation) => generation - 1n),
  },
  {
    id: "sub-cap/older-generation",
    defect: "The end names an older generation than that of the row.",
    profiles: ["tencent-native"],
    seams: () => endsOf(SubscriptionEndReason.EVICTED, (generation) => generation - 1n),
  },
  {
    id: "sub-generation/late-end",
    defect: "The end of the older row comes behind the newer row, with the newer generation.",
    seams: lateEnd,
  },
  {
    id: "unsub-ends/called-expired",
    defect: "An unsubscribed row is said to have expired.",
    seams: () => endsAs(SubscriptionEndReason.UNSUBSCRIBED, SubscriptionEndReason.EXPIRED),
  },
  {
    id: "sub-expires/called-unsubscribed",
    defect: "An expired row is said to have been unsubscribed.",
    seams: () => endsAs(SubscriptionEndReason.EXPIRED, SubscriptionEndReason.UNSUBSCRIBED),
  },
  {
    id: "sub-cap/called-expired",
    defect: "An evicted row is said to have expired.",
    profiles: ["tencent-native"],
    seams: () => endsAs(SubscriptionEndReason.EVICTED, SubscriptionEndReason.EXPIRED),
  },
  {
    id: "sub-target-gone/called-unsubscribed",
    defect: "A row to a deleted user is said to have been unsubscribed.",
    seams: () => endsAs(SubscriptionEndReason.TARGET_GONE, SubscriptionEndReason.UNSUBSCRIBED),
  },
  {
    id: "sub-absence/called-unsubscribed",
    defect: "Rows of an absent user are said to have been unsubscribed.",
    profiles: ["tencent-native"],
    seams: () => endsAs(SubscriptionEndReason.EXPIRED, SubscriptionEndReason.UNSUBSCRIBED),
  },
  {
    id: "gate-rows/called-expired",
    defect: "Rows that a gate ended are said to have expired.",
    profiles: ["standard", "tencent-web"],
    seams: () => endsAs(SubscriptionEndReason.FEATURE_DISABLED, SubscriptionEndReason.EXPIRED),
  },
  {
    id: "friend-switch/called-unsubscribed",
    defect: "A friend who is one no more is said to have been unsubscribed.",
    seams: () => endsAs(SubscriptionEndReason.UNFRIENDED, SubscriptionEndReason.UNSUBSCRIBED),
  },
  {
    id: "friend-switch/generation-one",
    defect: "The end of a friend's visibility has the generation 1.",
    seams: () => endsOf(SubscriptionEndReason.UNFRIENDED, () => 1n),
  },
  {
    id: "friend-switch/statuses-not-sent",
    defect: "Switched on, the friends' statuses come with their next change only.",
    profiles: ["standard", "tencent-native"],
    seams: () =>
      events(() => {
        let live = false;
        const seen = new Set<string>();
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (event.case === "subscribed") seen.add(event.value.userId);
          if (event.case !== "status" || seen.has(event.value.userId)) return [event];
          seen.add(event.value.userId);
          return live ? [] : [event];
        };
      }),
  },
  {
    id: "sync-own/everywhere",
    defect: "A marker comes on every Watch of the user.",
    seams: () => {
      const sessions = new Map<string, Set<string>>();
      return {
        hub: (hub) => ({
          ...hub,
          open: (request, gone) => {
            const key = `${request.appId} ${request.userId}`;
            sessions.set(key, (sessions.get(key) ?? new Set()).add(request.sessionId));
            return hub.open(request, gone);
          },
          sync: async (appId, userId, sessionId, marker) => {
            for (const other of sessions.get(`${appId} ${userId}`) ?? [])
              if (other !== sessionId) await hub.sync(appId, userId, other, marker).catch(() => {});
            return hub.sync(appId, userId, sessionId, marker);
          },
        }),
      };
    },
  },
  {
    id: "sync-fence/own-changes-only",
    defect: "Before the marker stands what concerns oneself; changes of others may come behind it.",
    seams: () =>
      events(() => {
        let live = false;
        let held: Event[] = [];
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (live && event.case === "status") {
            held.push(event);
            return [];
          }
          const late = event.case === "synced" || event.case === "progress" ? held : [];
          if (late.length > 0) held = [];
          return [event, ...late];
        };
      }),
  },
  {
    id: "rev-order/self-goes-back",
    defect: "An older self status comes again after a newer one.",
    seams: () =>
      events(() => {
        let before: Event | undefined;
        return (event) => {
          if (event.case !== "self") return [event];
          const older = before;
          before = event;
          return older ? [event, older] : [event];
        };
      }),
  },
  {
    id: "rev-change/same-number",
    defect: "A new text comes with the revision of the older one.",
    seams: () =>
      answers(["queryStatuses"], (answer) => ({
        ...answer,
        results: answer.results.map((one: Any) =>
          one.result.case === "status" && one.result.value.customStatus
            ? {
                ...one,
                result: { case: "status", value: { ...one.result.value, revision: one.result.value.revision - 1n } },
              }
            : one,
        ),
      })),
  },
  {
    id: "watch-snapshot/live-instead",
    defect: "Friends are not in the snapshot.",
    seams: () =>
      events(() => {
        let live = false;
        const rows = new Set<string>();
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (event.case === "subscribed") rows.add(event.value.userId);
          return !live && event.case === "status" && !rows.has(event.value.userId) ? [] : [event];
        };
      }),
  },
  {
    id: "watch-snapshot/status-before-row",
    defect: "In the snapshot the statuses stand before the rows.",
    seams: () =>
      events(() => {
        let rows: Event[] = [];
        let live = false;
        return (event) => {
          if (!live && event.case === "subscribed") {
            rows.push(event);
            return [];
          }
          if (event.case !== "snapshotEnd") return [event];
          live = true;
          const late = rows;
          rows = [];
          return [...late, event];
        };
      }),
  },
  {
    id: "watch-hello/twice",
    defect: "hello comes again with the end of the snapshot.",
    seams: () =>
      events(() => {
        let hello: Event | undefined;
        return (event) => {
          if (event.case === "hello") hello = event;
          return event.case === "snapshotEnd" && hello ? [hello, event] : [event];
        };
      }),
  },
  {
    id: "watch-replaced/first-not-ended",
    defect: "The first Watch is not told that it was replaced.",
    seams: () => without((event) => event.case === "watchEnd"),
  },
];
