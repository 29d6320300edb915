// One's own text, and how long it holds.
import { serverNow } from "../server-clock.ts";
import type { BoardView, Command, TtlRange } from "../view.ts";
import { countdown, durationText, platformName, presenceNames, refusalText, utf8Bytes } from "../words.ts";
import { actionForm, card, durationOf, field, h, setDurations, setText } from "./dom.ts";

export interface Panel {
  readonly element: HTMLElement;
  readonly update: (view: BoardView) => void;
  /** Time has passed. */
  readonly tick?: (view: BoardView) => void;
}

export type Run = (command: Command) => Promise<void>;

const second = 1_000;
const durations: readonly number[] = [30, 60, 300, 1_800, 3_600, 14_400, 28_800, 86_400, 604_800].map(
  (s) => s * second,
);

/** The durations that a range allows; first, where one may, the choice of giving none, which `endless` names if it has no end. */
export function choicesOf(range: TtlRange, endless: string): { ms: number | undefined; name: string }[] {
  const fit = durations.filter((ms) => ms >= range.minMs && ms <= range.maxMs);
  const given = fit.length > 0 ? fit : [range.maxMs];
  const none = range.defaultMs === undefined ? endless : `Usual: ${durationText(range.defaultMs)}`;
  return [
    ...(range.optional ? [{ ms: undefined, name: none }] : []),
    ...given.map((ms) => ({ ms, name: durationText(ms) })),
  ];
}

export function createOwnStatus(run: Run): Panel {
  const now = h("p", { class: "own-now" });
  const rest = h("span", { class: "muted" });
  const text = h("input", { id: "own-text", name: "text", autocomplete: "off" });
  const count = h("p", { class: "hint", id: "own-text-hint" });
  const ttl = h("select", { id: "own-ttl", name: "ttl" });
  const ttlField = field("Clear after", ttl);
  let bytesMax = 0;
  const countBytes = (): void => {
    const bytes = utf8Bytes(text.value.trim());
    setText(count, `${bytes} of ${bytesMax} bytes`);
    count.classList.toggle("over", bytes > bytesMax);
    if (bytes > bytesMax) text.setAttribute("aria-invalid", "true");
    else text.removeAttribute("aria-invalid");
  };
  text.addEventListener("input", countBytes);
  const clear = h("button", { type: "button" }, "Clear");
  const form = actionForm(
    { class: "stack", "aria-label": "Your status" },
    async () => {
      const given = text.value;
      const said = given.trim();
      if (utf8Bytes(said) > bytesMax) throw new Error(refusalText("CUSTOM_STATUS_TOO_LONG"));
      await run({ kind: "set-text", text: said, ttlMs: said === "" ? undefined : durationOf(ttl) });
      // What was typed since is for the next one.
      if (text.value === given) text.value = "";
      countBytes();
    },
    h(
      "div",
      { class: "inline" },
      field("What are you up to?", text, count),
      ttlField,
      h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Set"), clear),
    ),
  );
  clear.addEventListener("click", () => {
    text.value = "";
    form.requestSubmit();
  });
  const tick = ({ self, clock }: BoardView): void => {
    const left =
      self?.textEndsMs === undefined || clock === undefined
        ? ""
        : `for ${countdown(self.textEndsMs - serverNow(clock, Date.now()))} more`;
    setText(rest, left);
  };
  return {
    element: card("own", "You", h("div", { class: "own-status" }, now, rest), form),
    update: (view) => {
      const { self, limits } = view;
      const on = self?.platforms.map(platformName).join(", ") ?? "";
      const presence = self === undefined ? "…" : presenceNames[self.presence];
      setText(now, self?.text || (on === "" ? presence : `${presence} on ${on}`));
      clear.hidden = (self?.text ?? "") === "";
      ttlField.hidden = limits?.textTtl === undefined;
      if (limits?.textTtl !== undefined) setDurations(ttl, choicesOf(limits.textTtl, "I change it"));
      bytesMax = limits?.textBytesMax ?? 0;
      countBytes();
      tick(view);
    },
    tick,
  };
}
