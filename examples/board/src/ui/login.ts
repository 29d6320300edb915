// Who are you? Anyone: the server takes development tokens.
import { type Identity, toUserId } from "../identity.ts";
import { platformOf, platforms } from "../words.ts";
import { actionForm, field, h } from "./dom.ts";

/** @param notice why one is here again */
export function createLogin(notice: string, onLogin: (identity: Identity) => void): HTMLElement {
  const name = h("input", {
    id: "login-name",
    name: "name",
    autocomplete: "username",
    autocapitalize: "words",
    spellcheck: "false",
    maxlength: 32,
    required: true,
  });
  const platform = h("select", { id: "login-platform", name: "platform" });
  platform.append(...platforms.map((each) => h("option", { value: each.slug }, each.name)));
  const hint = h(
    "p",
    { class: "hint", id: "login-name-hint" },
    "Anyone may be anyone here: this is a development server.",
  );
  const form = actionForm(
    { class: "stack", "aria-label": "Log in" },
    async () => {
      const userId = toUserId(name.value);
      const on = platformOf(platform.value);
      if (userId === undefined || on === undefined) {
        name.focus();
        throw new Error("A name has 1 to 32 letters, digits, dots or dashes");
      }
      onLogin({ userId, platform: on });
    },
    field("Your name", name, hint),
    field("You are on", platform),
    h("button", { type: "submit", class: "primary" }, "Log in"),
  );
  return h(
    "main",
    { class: "login" },
    h(
      "div",
      { class: "card" },
      h("span", { class: "mark", "aria-hidden": "true" }),
      h("h1", {}, "Status board"),
      h("p", { class: "lead" }, "See who is around, and tell what you are up to."),
      h("p", { class: "notice", role: "status" }, notice),
      form,
    ),
  );
}
