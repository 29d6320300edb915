// client-fold, of what: the whole status of the highest revision holds, as it was sent, however large the frame that brings it.
import type { ClientCheck } from "../check.ts";
import type { EventInit } from "../server/server-watch.ts";
import { row, status, target } from "./lib.ts";

/** In the order in which they are told. */
const onlines = [
  ["ONLINE", 1],
  ["OFFLINE", 2],
  ["LOGGED_OUT", 3],
  ["ONLINE", 1],
] as const;

/** Spaces at both ends and within, a line break, an accent as a sign of its own and in one with its letter, a sign of four bytes. */
const texts = ["  a  b  ", "\tat\nlunch\n", "e\u0301 \u00e9", "\u{1f680} <b>&amp;</b>"];

/** Bytes of a frame: more than half of what frames may have, and more than readers take who think of small messages. */
const largeBytes = 600 * 1024;
const longText = "x".repeat(200);
/** Bytes of an event with that text, about. */
const eventBytes = 220;

/** A frame of many statuses of a few targets, each newer than the one before. */
function largeFrame(ids: readonly string[]): { events: EventInit[]; last: number } {
  const rounds = Math.ceil(largeBytes / eventBytes / ids.length);
  const events = Array.from({ length: rounds }, (_, at) => ids.map((id) => status(id, at + 10, longText))).flat();
  return { events, last: rounds + 9 };
}

export const foldContentsChecks: readonly ClientCheck[] = [
  {
    id: "client-fold/online",
    title: "of a newer status the online status is held as well: ONLINE, OFFLINE, LOGGED_OUT and ONLINE again",
    run: async (t) => {
      const watch = await t.connect({ events: [row("alice", 1)] });
      for (const [at, [name, number]] of onlines.entries()) {
        watch.send(status("alice", at + 5, "at lunch", number));
        const { statuses } = await t.fence(watch);
        if (statuses.alice !== undefined && statuses.alice.online === undefined)
          t.notApplicable("the driver does not tell the online status");
        t.equal(statuses.alice?.online, name, `alice's online status at revision ${at + 5}`);
      }
    },
  },
  {
    id: "client-fold/text-as-it-is",
    title: "a text is held as it was sent: spaces around it, line breaks, accents, signs of other planes",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 4) });
      for (const [at, text] of texts.entries()) {
        watch.send(status("alice", at + 5, text));
        const { statuses } = await t.fence(watch);
        t.equal(statuses.alice?.text, text, `alice's text at revision ${at + 5}`);
      }
    },
  },
  {
    id: "client-fold/large-frame",
    title: "a frame of some 600 KiB is folded: frames have up to 1 MiB",
    everyProtocol: true,
    run: async (t) => {
      const ids = ["alice", "bob", "carol"];
      const watch = await t.connect({ events: ids.flatMap((id) => target(id, 5)) });
      const { events, last } = largeFrame(ids);
      watch.send(...events);
      const { statuses } = await t.fence(watch);
      for (const id of ids) t.equal(statuses[id]?.revision, last, `${id}'s revision after the large frame`);
      t.ok(!watch.isOver(), "a stream with a large frame must be kept", "an open stream", "the client has left it");
    },
  },
];
