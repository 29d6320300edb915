// Loaded before the driver of the reference client (`node --import …/hook.ts?mutant=ID`): changes one place of one file of its
// source. Without an id nothing is changed: the control.
import { registerHooks } from "node:module";
import { findClientMutant } from "../client-mutants/index.ts";
import { mutated } from "../client-mutants/mutant.ts";

const id = new URL(import.meta.url).searchParams.get("mutant");
if (id !== null) {
  const mutant = findClientMutant(id);
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/reference-client/src/${mutant.file}`)) return loaded;
      const { source } = loaded;
      if (source === null || source === undefined) throw new Error(`no source of ${url}`);
      const text = typeof source === "string" ? source : new TextDecoder().decode(source);
      return { ...loaded, source: mutated(text, mutant) };
    },
  });
}
