// Making elements. Text is always text: nothing that a user wrote is read as HTML.

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes (true: without a value; false or undefined: left out) and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Sets a text only where it is another: an unchanged live region stays silent, and a selection stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts these children in this order, and leaves those in peace that are in place: moving an element takes the focus from it. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/** A part of the page with a heading that names it. */
export function card(id: string, title: string, ...children: readonly (Node | string)[]): HTMLElement {
  const heading = h("h2", { id: `${id}-title` }, title);
  return h("section", { class: "card", id, "aria-labelledby": `${id}-title` }, heading, ...children);
}

/** A labelled control. */
export function field(label: string, control: HTMLInputElement | HTMLSelectElement, hint?: Element): HTMLElement {
  if (hint !== undefined) control.setAttribute("aria-describedby", hint.id);
  const name = h("label", { for: control.id }, label);
  return h("div", { class: "field" }, name, control, ...(hint === undefined ? [] : [hint]));
}

/**
 * A form that runs something: disabled meanwhile, and with what went wrong below it, told at once.
 * `run` rejects with an Error whose message is for people.
 */
export function actionForm(
  attributes: Attributes,
  run: () => Promise<void>,
  ...children: readonly (Node | string)[]
): HTMLFormElement {
  const problem = h("p", { class: "problem", role: "alert" });
  const form = h("form", { novalidate: true, ...attributes }, ...children, problem);
  let running = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) return;
    running = true;
    form.setAttribute("aria-busy", "true");
    setText(problem, "");
    run()
      .catch((fault: unknown) => setText(problem, sentence(fault)))
      .finally(() => {
        running = false;
        form.removeAttribute("aria-busy");
      });
  });
  return form;
}

/** What went wrong, with a full stop. */
export function sentence(fault: unknown): string {
  const text = fault instanceof Error ? fault.message : String(fault);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A select of durations. An empty value stands for none. */
export function setDurations(
  select: HTMLSelectElement,
  choices: readonly { readonly ms: number | undefined; readonly name: string }[],
): void {
  const key = choices.map(({ ms, name }) => `${ms}=${name}`).join();
  if (select.dataset.choices === key) return;
  select.dataset.choices = key;
  const { value } = select;
  select.replaceChildren(...choices.map(({ ms, name }) => h("option", { value: ms ?? "" }, name)));
  if (choices.some(({ ms }) => String(ms ?? "") === value)) select.value = value;
}

export function durationOf(select: HTMLSelectElement): number | undefined {
  return select.value === "" ? undefined : Number(select.value);
}
