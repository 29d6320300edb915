// The app's clock, and the buttons that move it.
import { serverNow } from "../server-clock.ts";
import type { BoardView } from "../view.ts";
import { card, h, sentence, setText } from "./dom.ts";
import type { Panel, Run } from "./own-status.ts";

const steps = [
  { ms: 10_000, name: "+10 s", label: "Move the clock by 10 seconds" },
  { ms: 60_000, name: "+1 min", label: "Move the clock by 1 minute" },
  { ms: 3_600_000, name: "+1 h", label: "Move the clock by 1 hour" },
  { ms: 86_400_000, name: "+1 day", label: "Move the clock by 1 day" },
] as const;

const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const time = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

export function createClock(run: Run): Panel {
  const face = h("time", { class: "clock-time" });
  const date = h("span", { class: "muted" });
  const state = h("p", { class: "muted small" });
  const hold = h("input", { type: "checkbox", id: "clock-hold", checked: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const buttons = steps.map(({ ms, name, label }) => {
    const button = h("button", { type: "button", "aria-label": label }, name);
    button.addEventListener("click", () => {
      setText(problem, "");
      run({ kind: "advance", ms, holdLeases: hold.checked }).catch((fault: unknown) =>
        setText(problem, sentence(fault)),
      );
    });
    return button;
  });
  const tick = ({ clock }: BoardView): void => {
    if (clock === undefined) return;
    const now = new Date(serverNow(clock, Date.now()));
    setText(face, time.format(now));
    setText(date, day.format(now));
    face.dateTime = now.toISOString();
  };
  const element = card(
    "clock",
    "Test clock",
    h("p", { class: "clock-face" }, face, date),
    h("div", { class: "buttons", role: "group", "aria-label": "Move the clock" }, ...buttons),
    h("div", { class: "check" }, hold, h("label", { for: "clock-hold" }, "Sessions stay alive over the step")),
    problem,
    state,
  );
  return {
    element,
    update: (view) => {
      element.hidden = !view.clockMoves;
      setText(
        state,
        view.clock?.stopped === true
          ? "It stands still, and moves by these buttons only."
          : "It runs. A first step stops it.",
      );
      tick(view);
    },
    tick,
  };
}
