// `npm run set -- [--close]`: writes the checks of the present suite as the requirement set of the newest version of the specification. While the
// set is open this is done whenever checks come or go; --close makes it final, at the release of that version.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suiteCheckIds } from "@userstatus/conformance";
import { root } from "./spec.ts";

const specVersion = "1.0";

/** The module's text. */
export function setText(checks: readonly string[], closed: boolean): string {
  return `// Written by \`npm run set\`. Closed: do not edit.
import type { RequirementSet } from "./requirement-set.ts";

export const set: RequirementSet = {
  specVersion: "${specVersion}",
  closed: ${closed},
  checks: [
${checks.map((id) => `    ${JSON.stringify(id)},\n`).join("")}  ],
};
`;
}

if (import.meta.main) {
  const path = join(root, `conformance/src/sets/set-${specVersion}.ts`);
  writeFileSync(path, setText([...suiteCheckIds()].sort(), process.argv.includes("--close")));
}
