// Checks of SPEC §8, `custom-empty`: what comes beside an empty text. Clearing itself: custom-status.ts.
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { seen } from "./lib/b-sessions.ts";
import { msOf, sampleText, textOf } from "./lib/b-values.ts";

const withTtl: Check = {
  id: "custom-empty/with-a-ttl",
  title:
    "Clears a text with an empty one and a ttl that no text could have: the ttl means nothing, and the text is gone",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 4 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const owner = await t.session();
    for (const ttlMs of [0, (msOf(t.profile.customStatus?.maxTtl) ?? 0) + 1]) {
      const text = sampleText(t);
      await pace.set(owner, text);
      t.equal(textOf(await seen(t, owner.user.id)), text, "text that others see before it is cleared");
      const { self } = await pace.set(owner, "", ttlMs);
      t.equal(self?.status?.customStatus, undefined, `custom status in the answer to an empty text with ${ttlMs} ms`);
      const status = await seen(t, owner.user.id);
      t.equal(status.customStatus, undefined, `custom status that others see after an empty text with ${ttlMs} ms`);
    }
  },
};

export const customEmptyChecks: readonly Check[] = [withTtl];
