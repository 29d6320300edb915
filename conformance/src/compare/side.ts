// One of the two servers that are compared: its walk, what it was seen to do in a step, and whether the model allows it.
import { Finding } from "../explore/finding.ts";
import { isPossible, perform } from "../explore/perform.ts";
import { type Found, foundOf } from "../explore/run-steps.ts";
import type { Step } from "../explore/steps.ts";
import type { Ground, Lane } from "../explore/walk/ground.ts";
import { closeWalk, openWalk, type Walk } from "../explore/walk/walk.ts";

/** What was seen in one step: by topic, in no order. Ids are names, times are relative to the clock. */
export type Seen = ReadonlyMap<string, readonly string[]>;

export interface Side {
  readonly isPossible: (step: Step) => boolean;
  readonly perform: (step: Step) => Promise<{ readonly seen: Seen; readonly found: Found | undefined }>;
  readonly calls: () => number;
  readonly close: () => Promise<void>;
}

export interface Opened {
  readonly side?: Side;
  /** The server can't even begin. */
  readonly found?: Found;
}

export async function openSide(ground: Ground, lane: Lane): Promise<Opened> {
  let seen = new Map<string, string[]>();
  const record = (topic: string, text: string): void => {
    const lines = seen.get(topic) ?? [];
    lines.push(text);
    seen.set(topic, lines);
  };
  let walk: Walk;
  try {
    walk = await openWalk(ground, lane, record);
  } catch (error) {
    if (error instanceof Finding) return { found: foundOf(error, undefined) };
    throw error;
  }
  const side: Side = {
    isPossible: (step) => isPossible(walk, step),
    perform: async (step) => {
      seen = new Map();
      let found: Found | undefined;
      try {
        await perform(walk, step);
      } catch (error) {
        if (!(error instanceof Finding)) throw error;
        found = foundOf(error, walk);
      }
      const sorted = [...seen].map(([topic, lines]): [string, string[]] => [topic, lines.toSorted()]);
      return { seen: new Map(sorted), found };
    },
    calls: () => walk.calls,
    close: () => closeWalk(walk),
  };
  return { side };
}
