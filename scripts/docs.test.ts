import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./spec.ts";

const documents = [
  "README.md",
  "SPEC.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...globSync(["docs/**/*.md", "examples/*/README.md"], { cwd: root }),
];
const text = (path: string): string => readFileSync(join(root, path), "utf8");

/** Text outside of fenced blocks. */
function prose(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, "");
}

/** As GitHub makes anchors of headings. */
function anchors(markdown: string): Set<string> {
  const headings = [...prose(markdown).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/ /g, "-"),
    ),
  );
}

describe.each(documents)("%s", (document) => {
  it("links to files and headings that there are", () => {
    const broken = [...prose(text(document)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^https?:/.test(link)) return [];
      const [path = "", anchor] = link.split("#", 2);
      const target = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(root, target))) return [link];
      return anchor === undefined || anchors(text(target)).has(anchor) ? [] : [link];
    });
    expect(broken).toEqual([]);
  });

  it("names no option that no program has", () => {
    const unknown = [...text(document).matchAll(/(?<![\w-])--[a-z][a-z0-9-]+/g)].flatMap(([option]) =>
      known.has(option) ? [] : [option],
    );
    expect([...new Set(unknown)]).toEqual([]);
  });
});

/** Options of our programs, by their sources, and those of other people's programs that the documents show. */
const sources = [
  "test/faults/main.ts",
  "reference-server/src/testing/cluster/main.ts",
  "reference-server/src/config/options.ts",
  "proof/src/options.ts",
  "proof/src/explore/main.ts",
  "proof/src/client-run/main.ts",
  "proof/src/stryker/options.ts",
  "bench/src/main.ts",
  "bench/src/model/main.ts",
  "bench/src/k6/options.ts",
  "conformance/src/main-job.ts",
  "reference-server/src/testing/durability/main.ts",
  "reference-server/src/testing/store-bench.ts",
  "conformance/src/explore/explore-command.ts",
  "conformance/src/compare/compare-command.ts",
  "examples/run/options.ts",
  "examples/server-go/main.go",
  "examples/board/server/main.ts",
  "examples/clients/web/main.ts",
  "examples/clients/rust/src/main.rs",
  "examples/clients/go/driver.go",
  ...globSync("{conformance,reference-client}/src/{cli,cli/**/*}.ts", { cwd: root }),
];
const known = new Set([
  ...sources.flatMap((path) => text(path).match(/--[a-z][a-z0-9-]+/g) ?? []),
  ...[...text("reference-server/src/config/options.ts").matchAll(/option\(\s*"([a-z0-9-]+)"/g)].map(
    ([, name]) => `--${name}`,
  ),
  // Those of one side of a comparison.
  ...["a", "b"].flatMap((side) => [`--${side}-admin-url`, `--${side}-testing-url`]),
  ...[...text("examples/server-go/main.go").matchAll(/Var\(&o\.\w+, "([a-z-]+)"/g)].map(([, name]) => `--${name}`),
  "--protocol",
  "--http2-prior-knowledge",
  // Of docker.
  "--rm",
  "--network",
  "--build",
]);

describe("docs/decisions/dependencies.md", () => {
  const manifests = ["package.json", ...globSync("{*,examples/*}/package.json", { cwd: root })].filter(
    (path) => !path.startsWith("node_modules"),
  );
  const listed = [...text("docs/decisions/dependencies.md").matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);

  it("gives a reason for each dependency, and for no other", () => {
    const used = new Set(manifests.flatMap((path) => dependenciesOf(JSON.parse(text(path)))));
    expect(listed.sort()).toEqual([...used].sort());
  });

  function dependenciesOf(manifest: { dependencies?: object; devDependencies?: object }): string[] {
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    return names.filter((name) => !name.startsWith("@userstatus/"));
  }
});

describe("docs/writing-a-check.md", () => {
  it("shows a check as it stands in the source", () => {
    const shown = /^```ts\n([\s\S]*?)^```$/m.exec(text("docs/writing-a-check.md"))?.[1] ?? "";
    expect(shown).toMatch(/: Check = \{/);
    expect(dense(text("conformance/src/checks/custom-expiry.ts"))).toContain(dense(shown));
  });

  /** Without what a formatter changes. */
  function dense(code: string): string {
    return code.replace(/\s+/g, "").replace(/,([)\]}])/g, "$1");
  }
});
