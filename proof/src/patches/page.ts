// The page of the patches.
import type { Part, Patch } from "./patch.ts";

export interface JudgedPatch extends Patch {
  /** Checks that failed. */
  readonly by: readonly string[];
}

export function page(judged: readonly JudgedPatch[]): string {
  return `# Mutants by somebody else

Made by \`npm run proof:patches -- --publish\` from [patches.json](patches.json). [How they came about](README.md#mutants-by-somebody-else).

## Of the server: ${table(judged, "server")}
## Of the client: ${table(judged, "client")}`;
}

function table(judged: readonly JudgedPatch[], part: Part): string {
  const rows = judged.filter(({ of }) => of === part);
  const caught = rows.filter(({ by }) => by.length > 0).length;
  const head = ["patch", "what is wrong", "breaks", ...(part === "server" ? ["profile"] : []), "caught by"];
  const lines = [
    head,
    head.map(() => "---"),
    ...rows.map(({ id, path, says, requirements, profile, by }) => [
      `[${id}](../../proof/${path.slice(path.lastIndexOf("patches/"))})`,
      says,
      codes(requirements),
      ...(part === "server" ? [profile] : []),
      codes(by) || "**nobody**",
    ]),
  ];
  return `caught ${caught}/${rows.length}\n\n${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}\n`;
}

function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
