// The connection: what it does, and a switch to break it.
import type { BoardView } from "../view.ts";
import { card, h, sentence, setText } from "./dom.ts";
import type { Panel, Run } from "./own-status.ts";

export type LinkMood = "good" | "busy" | "bad";

/** The state in a few words. */
export function linkWords({ link }: BoardView, nowMs: number): { readonly mood: LinkMood; readonly words: string } {
  switch (link.state) {
    case "CONNECTED":
      return { mood: "good", words: "Online" };
    case "CONNECTING":
      return { mood: "busy", words: "Connecting…" };
    case "RECONNECTING": {
      const waitMs = link.retryAtMs === undefined ? 0 : link.retryAtMs - nowMs;
      return {
        mood: "busy",
        words: waitMs > 0 ? `Reconnecting in ${(Math.ceil(waitMs / 100) / 10).toFixed(1)} s` : "Reconnecting…",
      };
    }
    case "DISCONNECTED":
      return { mood: "bad", words: "Disconnected" };
  }
}

function detailOf({ link }: BoardView): string {
  if (link.cut) return "The link is cut at this page. Others see you online until your grace is over.";
  if (link.state === "CONNECTED") {
    if (link.opening === "resumed") return "Resumed: nothing was missed.";
    return link.opening === "reset" ? "Back with a full snapshot." : "Changes arrive as they happen.";
  }
  if (link.state !== "DISCONNECTED") return "What you see is what was known last.";
  switch (link.event) {
    case "KICKED_OUT":
      return "Another login, or the app, ended this session.";
    case "REPLACED":
      return "Another window took over this session.";
    case "USER_DELETED":
      return "This user was deleted.";
    default:
      return "Not connected.";
  }
}

export function createLink(run: Run): Panel {
  const state = h("p", { class: "link-state" });
  const detail = h("p", { class: "muted", role: "status" });
  const tabs = h("p", { class: "muted small" });
  const problem = h("p", { class: "problem", role: "alert" });
  const toggle = h("button", { type: "button" });
  const connect = h("button", { type: "button", class: "primary" }, "Connect again");
  const attempt = (running: Promise<void>): void => {
    setText(problem, "");
    running.catch((fault: unknown) => setText(problem, sentence(fault)));
  };
  let cut = false;
  toggle.addEventListener("click", () => attempt(run({ kind: cut ? "restore" : "cut" })));
  connect.addEventListener("click", () => attempt(run({ kind: "connect" })));
  const tick = (view: BoardView): void => {
    const { mood, words } = linkWords(view, Date.now());
    state.dataset.mood = mood;
    setText(state, words);
  };
  return {
    element: card("link", "Connection", state, detail, h("div", { class: "buttons" }, toggle, connect), problem, tabs),
    update: (view) => {
      cut = view.link.cut;
      setText(detail, detailOf(view));
      setText(toggle, cut ? "Restore the link" : "Cut the link");
      connect.hidden = view.link.state !== "DISCONNECTED";
      toggle.hidden = !connect.hidden;
      setText(tabs, view.tabs === 1 ? "One tab on this connection" : `${view.tabs} tabs share this connection`);
      tick(view);
    },
    tick,
  };
}
