// Loaded before a worker: gives it the instrumented core in place of the built one.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename } from "node:path";
import { cacheFile, type Instrumented } from "./instrumented.ts";

const root = new URL("../../../", import.meta.url);
const core = new URL("reference-server/dist/core/", root).href;
const { modules } = JSON.parse(readFileSync(new URL(cacheFile, root), "utf8")) as Instrumented;

registerHooks({
  load: (url, context, nextLoad) => {
    const source = url.startsWith(core) ? modules[basename(url)] : undefined;
    return source === undefined ? nextLoad(url, context) : { format: "module", source, shortCircuit: true };
  },
});
