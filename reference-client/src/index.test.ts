// The library must run in browsers: nothing that index.ts reaches may need Node.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const entry = fileURLToPath(new URL("./index.ts", import.meta.url));

/** What a file imports or re-exports at run time. */
async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8");
  return [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)"/gm)].map((match) => match[1] ?? "");
}

it("reaches no module of Node, and no package but those for browsers", async () => {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const specifier of await importsOf(file)) {
      if (specifier.startsWith(".")) queue.push(join(dirname(file), specifier));
      else packages.add(specifier);
    }
  }
  expect([...packages].sort()).toEqual([
    "@bufbuild/protobuf",
    "@bufbuild/protobuf/wkt",
    "@connectrpc/connect",
    "@userstatus/protocol",
    "@userstatus/protocol/rpc",
  ]);
  expect(seen.size).toBeGreaterThan(20);
});

it("names nothing of Node's globals", async () => {
  const seen = new Set([entry]);
  for (const file of seen) {
    for (const specifier of await importsOf(file))
      if (specifier.startsWith(".")) seen.add(join(dirname(file), specifier));
    expect(await readFile(file, "utf8")).not.toMatch(/\b(?:process|Buffer|setImmediate|require|__dirname)\b[.(]/);
  }
});
