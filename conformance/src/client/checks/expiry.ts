// client-expiry: a text is never cleared by the client's own clock.
import { setTimeout as sleep } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ClientCheck } from "../check.ts";
import { statusOf } from "../server/replies.ts";
import type { EventInit } from "../server/server-watch.ts";
import { row, status, statusWith } from "./lib.ts";

const hourMs = 3_600_000;

function withExpiry(revision: number, expireMs: number): EventInit {
  const value = {
    ...statusOf("alice", revision),
    customStatus: { text: "at lunch", expireTime: timestampFromMs(expireMs) },
  };
  return statusWith(value as EventInit["value"] as never);
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
];
