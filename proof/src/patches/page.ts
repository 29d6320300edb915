// The page of the patches.
import type { Patch } from "./patch.ts";

export interface JudgedPatch extends Patch {
  /** Checks that failed. */
  readonly by: readonly string[];
}

export function page(judged: readonly JudgedPatch[]): string {
  const caught = judged.filter(({ by }) => by.length > 0).length;
  const lines = judged.map(({ id, says, requirements, profile, by }) =>
    [`[${id}](../../proof/patches/${id}.diff)`, says, codes(requirements), profile, codes(by) || "**nobody**"].join(
      " | ",
    ),
  );
  return `# Mutants by somebody else

Made by \`npm run proof:patches -- --publish\` from [patches.json](patches.json). [How they came about](README.md#mutants-by-somebody-else).

**caught ${caught}/${judged.length}**

| patch | what is wrong | breaks | profile | caught by |
| --- | --- | --- | --- | --- |
${lines.map((line) => `| ${line} |`).join("\n")}
`;
}

function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
