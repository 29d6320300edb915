// One person on the board: who, how, what he says, on what; and how long one watches him.
import { serverNow } from "../server-clock.ts";
import type { BoardView, PersonView } from "../view.ts";
import { countdown, displayName, initials, platformName, presenceNames } from "../words.ts";
import { h, setText } from "./dom.ts";

export interface PersonRow {
  readonly element: HTMLLIElement;
  readonly update: (person: PersonView, view: BoardView) => void;
  readonly tick: (view: BoardView) => void;
}

export interface PersonActions {
  readonly renew: (userId: string) => void;
  /** Unsubscribes, or takes an ended row away. */
  readonly remove: (userId: string, ended: boolean) => void;
}

/** Below this the countdown is told apart. */
const soonMs = 60_000;

/** Portraits have one of so many colours. */
const hues = 8;

function hueOf(userId: string): number {
  let sum = 0;
  for (const letter of userId) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9_973;
  return sum % hues;
}

export function createPersonRow(userId: string, actions: PersonActions): PersonRow {
  const name = displayName(userId);
  const presence = h("span", { class: "visually-hidden" });
  const text = h("p", { class: "says" });
  const textRest = h("span", { class: "muted" });
  const platforms = h("span", { class: "platforms" });
  const rest = h("span", { class: "rest" });
  const bar = h("span", { class: "bar", "aria-hidden": "true" });
  const renew = h("button", { type: "button", "aria-label": `Renew ${name}` }, "Renew");
  const remove = h("button", { type: "button", class: "quiet" });
  const element = h(
    "li",
    { class: "person" },
    h(
      "span",
      { class: `portrait hue-${hueOf(userId)}`, "aria-hidden": "true" },
      initials(userId),
      h("span", { class: "dot" }),
    ),
    h(
      "div",
      { class: "who" },
      h("p", { class: "name" }, h("strong", {}, name), presence, platforms),
      h("div", { class: "saying" }, text, textRest),
    ),
    h("div", { class: "row-time" }, rest, h("div", { class: "buttons" }, renew, remove)),
    bar,
  );
  let shown: PersonView | undefined;
  renew.addEventListener("click", () => actions.renew(userId));
  remove.addEventListener("click", () => actions.remove(userId, shown?.row === undefined));

  const tick = ({ clock }: BoardView): void => {
    if (shown === undefined) return;
    const nowMs = clock === undefined ? undefined : serverNow(clock, Date.now());
    const { row, textEndsMs } = shown;
    setText(textRest, textEndsMs === undefined || nowMs === undefined ? "" : `${countdown(textEndsMs - nowMs)} left`);
    if (row === undefined) {
      setText(rest, shown.ended ?? "Friend");
      bar.hidden = true;
      return;
    }
    const leftMs = row.endsMs === undefined || nowMs === undefined ? undefined : row.endsMs - nowMs;
    setText(rest, leftMs === undefined ? "No end" : `Watching ${countdown(leftMs)}`);
    element.classList.toggle("soon", leftMs !== undefined && leftMs < soonMs);
    bar.hidden = leftMs === undefined || row.refreshedMs === undefined;
    if (leftMs !== undefined && row.endsMs !== undefined && row.refreshedMs !== undefined) {
      const part = Math.max(0, Math.min(1, leftMs / Math.max(1, row.endsMs - row.refreshedMs)));
      bar.style.setProperty("--part", part.toFixed(4));
    }
  };
  return {
    element,
    update: (person, view) => {
      shown = person;
      const gone = person.row === undefined && person.ended !== undefined;
      element.dataset.user = person.userId;
      element.dataset.presence = gone ? "gone" : person.presence;
      setText(presence, gone ? "" : `, ${presenceNames[person.presence]}`);
      setText(platforms, person.platforms.map(platformName).join(" · "));
      setText(text, gone ? "No longer watched" : person.text || presenceNames[person.presence]);
      text.classList.toggle("muted", gone || person.text === "");
      setText(renew, gone ? "Watch again" : "Renew");
      renew.setAttribute("aria-label", gone ? `Watch ${name} again` : `Renew ${name}`);
      renew.hidden = person.row === undefined && !gone;
      setText(remove, gone ? "Dismiss" : "Unsubscribe");
      remove.setAttribute("aria-label", gone ? `Dismiss ${name}` : `Unsubscribe ${name}`);
      remove.hidden = renew.hidden;
      tick(view);
    },
    tick,
  };
}
