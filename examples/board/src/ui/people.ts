// Everyone who is watched, and the form to watch more.
import { toUserId } from "../identity.ts";
import type { BoardView, PersonView } from "../view.ts";
import { actionForm, card, durationOf, field, h, sentence, setChildren, setDurations, setText } from "./dom.ts";
import { choicesOf, type Panel, type Run } from "./own-status.ts";
import { createPersonRow, type PersonRow } from "./person.ts";

const order = ["online", "offline", "unknown", "logged-out"] as const;

/** Those who are there first, then by name; rows that ended last. */
export function sortPeople(people: readonly PersonView[]): PersonView[] {
  const rank = (person: PersonView): number =>
    person.ended === undefined ? order.indexOf(person.presence) : order.length;
  return [...people].sort((a, b) => rank(a) - rank(b) || (a.userId < b.userId ? -1 : 1));
}

export function createPeople(run: Run): Panel {
  const names = h("input", { id: "people-names", name: "names", autocomplete: "off", spellcheck: "false" });
  const hint = h("p", { class: "hint", id: "people-names-hint" }, "One name, or several with commas between.");
  const ttl = h("select", { id: "people-ttl", name: "ttl" });
  const ttlField = field("For", ttl);
  const count = h("p", { class: "count muted" });
  const list = h("ul", { class: "people", "aria-label": "People" });
  const empty = h(
    "p",
    { class: "empty" },
    "You watch nobody yet. Open this page in a second window, log in as somebody else there, and watch each other.",
  );
  const problem = h("p", { class: "problem", role: "alert" });
  const rows = new Map<string, PersonRow>();
  let view: BoardView | undefined;

  const attempt = (running: Promise<void>): void => {
    setText(problem, "");
    running.catch((fault: unknown) => setText(problem, sentence(fault)));
  };
  const actions = {
    renew: (userId: string) => attempt(run({ kind: "subscribe", userIds: [userId], ttlMs: durationOf(ttl) })),
    remove: (userId: string, ended: boolean) => {
      // The row goes, and the focus with it: it goes on to the next one.
      const element = rows.get(userId)?.element;
      const near = element?.nextElementSibling ?? element?.previousElementSibling;
      const next = near?.querySelector<HTMLButtonElement>("button.quiet") ?? names;
      attempt(run({ kind: ended ? "dismiss" : "unsubscribe", userId }).then(() => next.focus()));
    },
  };
  const form = actionForm(
    { class: "stack subscribe", "aria-label": "Watch people" },
    async () => {
      const given = names.value;
      const typed = given.split(",").filter((name) => name.trim() !== "");
      const userIds = typed.map((name) => {
        const id = toUserId(name);
        if (id === undefined) throw new Error(`“${name.trim()}” can't be a name`);
        return id;
      });
      if (userIds.length === 0) {
        names.focus();
        throw new Error("Whom?");
      }
      await run({ kind: "subscribe", userIds, ttlMs: durationOf(ttl) });
      // What was typed since is for the next one.
      if (names.value === given) names.value = "";
    },
    h(
      "div",
      { class: "inline" },
      field("Watch", names, hint),
      ttlField,
      h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Subscribe")),
    ),
  );
  return {
    element: card("people", "People", count, form, problem, list, empty),
    update: (next) => {
      view = next;
      const { people, limits } = next;
      const watched = people.filter((person) => person.row !== undefined).length;
      const online = people.filter((person) => person.presence === "online").length;
      setText(
        count,
        `${online} online · watching ${watched}${limits === undefined ? "" : ` of at most ${limits.rowsMax}`}`,
      );
      ttlField.hidden = limits?.rowTtl === undefined;
      if (limits?.rowTtl !== undefined) setDurations(ttl, choicesOf(limits.rowTtl, "No end"));
      for (const userId of rows.keys()) if (!people.some((person) => person.userId === userId)) rows.delete(userId);
      const elements = sortPeople(people).map((person) => {
        const row = rows.get(person.userId) ?? createPersonRow(person.userId, actions);
        rows.set(person.userId, row);
        row.update(person, next);
        return row.element;
      });
      setChildren(list, elements);
      empty.hidden = people.length > 0;
      list.hidden = people.length === 0;
    },
    tick: () => {
      if (view !== undefined) for (const row of rows.values()) row.tick(view);
    },
  };
}
