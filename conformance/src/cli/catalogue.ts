// What the suite holds, for `list` and `explain`: the checks of each requirement, those decided from all streams too.
import type { Requirement } from "@userstatus/protocol";
import { checks } from "../checks/index.ts";
import { clientChecks } from "../client/checks/index.ts";
import { afterChecks } from "../invariants/decide.ts";
import { requirementOf } from "../run/plan.ts";
import { selects } from "../run/select.ts";

export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  readonly requirement: Requirement;
  readonly tools: readonly string[];
  readonly claims: readonly string[];
  /** How it is run, where that is unusual. */
  readonly notes: readonly string[];
}

/** In the order of the files; after them what is decided from every stream. */
export function catalogue(): CatalogueEntry[] {
  const own = checks.map((check): CatalogueEntry => {
    const notes = [
      check.everyTransport === true ? "over every transport" : "",
      check.wholeApp === true ? "changes the whole app" : "",
      check.realTime === true ? "in real time always" : "",
      check.timeMs === undefined ? "" : "lets time pass",
    ];
    const { id, title, tools = [], claims = [] } = check;
    return { id, title, requirement: requirementOf(check), tools, claims, notes: notes.filter((note) => note !== "") };
  });
  const after = afterChecks.map(({ id, title, requirement }) => ({
    id,
    title,
    requirement,
    tools: [],
    claims: [],
    notes: ["decided after all others"],
  }));
  return [...own, ...after];
}

/** The checks of clients, which `client` runs. */
export function clientCatalogue(): CatalogueEntry[] {
  return clientChecks.map((check) => {
    const { id, title, ops = [], everyProtocol } = check;
    const notes = [
      "judges clients",
      ops.length > 0 ? `needs the command ${ops.join(", ")}` : "",
      everyProtocol === true ? "over every protocol" : "",
    ];
    return {
      id,
      title,
      requirement: requirementOf(check),
      tools: [],
      claims: [],
      notes: notes.filter((note) => note !== ""),
    };
  });
}

/** Those that a pattern names; all without one. */
export function matching(entries: readonly CatalogueEntry[], pattern: string | undefined): CatalogueEntry[] {
  return entries.filter(({ id }) => pattern === undefined || selects(pattern, id));
}
