// The journal, newest first.
import type { JournalEntry } from "../journal.ts";
import { card, h, setChildren } from "./dom.ts";
import type { Panel } from "./own-status.ts";

const time = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

function toItem({ atMs, kind, text }: JournalEntry): HTMLLIElement {
  const at = new Date(atMs);
  return h(
    "li",
    { "data-kind": kind },
    h("time", { datetime: at.toISOString() }, time.format(at)),
    h("span", {}, text),
  );
}

export function createEvents(): Panel {
  // Not a live region of its own: the announcer tells what is new, in one go.
  const list = h("ol", { class: "events", "aria-label": "Events, newest first", tabindex: 0 });
  const items = new Map<number, HTMLLIElement>();
  return {
    element: card("events", "Events", list),
    update: ({ journal }) => {
      const kept = new Set(journal.map(({ id }) => id));
      for (const id of items.keys()) if (!kept.has(id)) items.delete(id);
      const newestFirst = [...journal].reverse().map((entry) => {
        const item = items.get(entry.id) ?? toItem(entry);
        items.set(entry.id, item);
        return item;
      });
      setChildren(list, newestFirst);
    },
  };
}
