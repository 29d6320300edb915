// client-expiry: neither a text nor a row ends by the client's own clock.
import { setTimeout as sleep } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ClientCheck } from "../check.ts";
import { statusOf } from "../server/replies.ts";
import type { EventInit } from "../server/server-watch.ts";
import { row, self, status, statusWith } from "./lib.ts";

const hourMs = 3_600_000;

function withExpiry(revision: number, expireMs: number): EventInit {
  const value = {
    ...statusOf("alice", revision),
    customStatus: { text: "at lunch", expireTime: timestampFromMs(expireMs) },
  };
  return statusWith(value as EventInit["value"] as never);
}

function ownWithExpiry(userId: string, revision: number, expireMs: number): EventInit {
  const customStatus = { text: "at lunch", expireTime: timestampFromMs(expireMs) };
  return {
    case: "self",
    value: { status: { ...statusOf(userId, revision), customStatus }, sessions: [] },
  } as EventInit;
}

function rowWithExpiry(userId: string, expireMs: number): EventInit {
  const times = { refreshTime: timestampFromMs(expireMs - hourMs), expireTime: timestampFromMs(expireMs) };
  return { case: "subscribed", value: { userId, generation: 1n, ...times } };
}

export const expiryChecks: readonly ClientCheck[] = [
  {
    id: "client-expiry/server-behind",
    title: "a text that has ended by the client's clock and not by the server's, which is an hour behind, stays",
    server: { clockOffsetMs: -hourMs },
    run: async (t) => {
      const endsMs = Date.now() - hourMs / 2;
      const watch = await t.connect({ events: [row("alice", 1), withExpiry(5, endsMs)] });
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "at lunch", "the text, which ends in half an hour by the server's clock");
      watch.send(status("alice", 6));
      const after = await t.fence(watch);
      t.equal(after.statuses.alice?.text ?? "", "", "the text once the server has told its end");
    },
  },
  {
    id: "client-expiry/end-untold",
    title: "a text whose end comes while the client looks stays until the server tells",
    run: async (t) => {
      const endsMs = Date.now() + 600;
      const watch = await t.connect({ events: [row("alice", 1), withExpiry(5, endsMs)] });
      // Time has to pass for real: a client that clears by its clock does so now.
      await sleep(Math.max(0, endsMs - Date.now()) + 600);
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "at lunch", "the text after its end, which the server has not told");
      watch.send(status("alice", 6));
      const after = await t.fence(watch);
      t.equal(after.statuses.alice?.text ?? "", "", "the text once the server has told its end");
    },
  },
  {
    id: "client-expiry/own",
    title:
      "one's own text that has ended by the client's clock and not by the server's, which is an hour behind, stays",
    server: { clockOffsetMs: -hourMs },
    run: async (t) => {
      const watch = await t.connect({ events: [ownWithExpiry(t.user, 5, Date.now() - hourMs / 2)] });
      const first = await t.fence(watch);
      t.equal(first.self?.text, "at lunch", "the own text, which ends in half an hour by the server's clock");
      watch.send(self(t.user, 6));
      const after = await t.fence(watch);
      t.equal(after.self?.text ?? "", "", "the own text once the server has told its end");
    },
  },
  {
    id: "client-expiry/row",
    title: "a row that has ended by the client's clock and not by the server's, which is an hour behind, stays",
    server: { clockOffsetMs: -hourMs },
    run: async (t) => {
      const endsMs = Date.now() - hourMs / 2;
      const watch = await t.connect({ events: [rowWithExpiry("alice", endsMs), status("alice", 5)] });
      const first = await t.fence(watch);
      const ends = "which ends in half an hour by the server's clock";
      t.equal(first.subscriptions.alice?.generation, 1, `the generation of alice's row, ${ends}`);
      t.equal(first.statuses.alice?.revision, 5, `the revision of alice, whose row stands and ${ends}`);
      watch.send(status("alice", 6));
      const after = await t.fence(watch);
      t.equal(after.statuses.alice?.revision, 6, `the revision of alice after a change, whose row stands and ${ends}`);
    },
  },
];
