// The board as a whole: header, panels, and what is read out.
import type { BoardView } from "../view.ts";
import { displayName, platformName } from "../words.ts";
import { createClock } from "./clock.ts";
import { h, setText } from "./dom.ts";
import { createEvents } from "./events.ts";
import { createLink, linkWords } from "./link.ts";
import { createOwnStatus, type Run } from "./own-status.ts";
import { createPeople } from "./people.ts";

export interface Board {
  readonly element: HTMLElement;
  readonly update: (view: BoardView) => void;
  /** Puts the focus where one begins. */
  readonly focus: () => void;
  readonly close: () => void;
}

/** Often enough for tenths of a second. */
const tickMs = 100;

export function createBoard(run: Run, announcer: Element): Board {
  const own = createOwnStatus(run);
  const people = createPeople(run);
  const link = createLink(run);
  const clock = createClock(run);
  const events = createEvents();
  const panels = [own, people, link, clock, events];
  const name = h("strong", {});
  const platform = h("span", { class: "muted" });
  const pill = h("span", { class: "pill" });
  const logOut = h("button", { type: "button" }, "Log out");
  logOut.addEventListener("click", () => {
    // The board goes whatever comes of it.
    run({ kind: "log-out" }).catch(() => {});
  });
  const heading = h("h1", { tabindex: -1 }, "Status board");
  const element = h(
    "div",
    { class: "board" },
    h(
      "header",
      {},
      h("span", { class: "mark", "aria-hidden": "true" }),
      heading,
      pill,
      h("p", { class: "me" }, name, platform),
      logOut,
    ),
    h(
      "main",
      {},
      h("div", { class: "column wide" }, own.element, people.element),
      h("div", { class: "column" }, link.element, clock.element, events.element),
    ),
  );
  let shown: BoardView | undefined;
  let lastTold: number | undefined;

  const tick = (): void => {
    if (shown === undefined) return;
    const { mood, words } = linkWords(shown, Date.now());
    pill.dataset.mood = mood;
    setText(pill, words);
    for (const panel of panels) panel.tick?.(shown);
  };
  // Nobody sees time pass on a hidden page; changes are shown all the same.
  const timer = setInterval(() => {
    if (!document.hidden) tick();
  }, tickMs);

  /** Reads out what is new since the last view. */
  const announce = ({ journal }: BoardView): void => {
    const newest = journal.at(-1)?.id ?? 0;
    const news = lastTold === undefined ? [] : journal.filter(({ id }) => id > (lastTold ?? 0));
    lastTold = newest;
    if (news.length > 0) setText(announcer, news.map(({ text }) => text).join(". "));
  };

  return {
    element,
    update: (view) => {
      shown = view;
      setText(name, displayName(view.identity.userId));
      setText(platform, platformName(view.identity.platform));
      for (const panel of panels) panel.update(view);
      announce(view);
      const online = view.people.filter(({ presence }) => presence === "online").length;
      document.title = online > 0 ? `(${online}) Status board` : "Status board";
      tick();
    },
    focus: () => heading.focus(),
    close: () => clearInterval(timer),
  };
}
