// client-asked, of texts: an empty one is asked for like any other.
import type { ClientCheck } from "../check.ts";
import { firstEpoch, selfOf } from "../server/replies.ts";
import { self } from "./lib.ts";

export const askedEmptyChecks: readonly ClientCheck[] = [
  {
    id: "client-asked/empty-text",
    title: "an empty text goes out in SetCustomStatus, which clears the text that there is",
    ops: ["setText"],
    run: async (t) => {
      const watch = await t.connect({ events: [self(t.user, 8, "at lunch")] });
      t.server.script({ setCustomStatus: () => ({ epoch: firstEpoch, self: selfOf(t.user, 9) }) });
      const mark = t.server.arrivals.mark();
      await t.must("setText with an empty text must succeed", t.client.ask({ op: "setText", text: "" }));
      const texts = t.server.arrivals
        .after(mark, "setCustomStatus")
        .map(({ request }) => (request as { customStatus?: { text?: string } }).customStatus?.text ?? "");
      t.equal(texts, [""], "the texts in its calls of SetCustomStatus, when setText with an empty text was done");
      const state = await t.fence(watch);
      t.equal(state.self?.text ?? "", "", "the own text after an answer without one");
    },
  },
];
