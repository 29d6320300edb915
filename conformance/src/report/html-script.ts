// What the page does where scripts run: filters the checks, copies commands. It reads the page, and builds nothing from what a server sent.

export const pageScript: string = `
"use strict";
{
  const form = document.querySelector(".filters");
  const checks = [...document.querySelectorAll(".checks > details")];
  const texts = checks.map((check) => check.textContent.toLowerCase());
  const apply = () => {
    const data = new FormData(form);
    const words = String(data.get("text")).toLowerCase().split(" ").filter(Boolean);
    const level = data.get("level");
    const wanted = new Set(data.getAll("outcome"));
    let shown = 0;
    checks.forEach((check, at) => {
      const fits = wanted.has(check.dataset.outcome) && (level === "" || check.dataset.level === level) && words.every((word) => texts[at].includes(word));
      check.hidden = !fits;
      if (fits) shown++;
    });
    form.querySelector("output").textContent = shown + " of " + checks.length;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
  for (const command of document.querySelectorAll(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const text = command.querySelector("code").textContent;
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(command.querySelector("code"));
        button.textContent = "Press Ctrl-C";
      }
    });
    command.append(button);
  }
}
`;
