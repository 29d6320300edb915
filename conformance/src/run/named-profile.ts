// `--profile P`: the server must name the profile that it is judged as (SPEC §4: info-values).
import { findRequirement } from "@userstatus/protocol";
import type { AfterResult } from "../invariants/decide.ts";

/** Its id, for lists of known failures. */
export const namedProfileId = "info-values/named-profile";

/** Undefined if nobody asked. */
export function namedProfile(asked: string | undefined, named: string): AfterResult | undefined {
  const requirement = findRequirement("info-values");
  if (asked === undefined || requirement === undefined) return undefined;
  const check = { id: namedProfileId, title: `The server names the profile ${asked}`, requirement };
  if (asked === named) return { check, outcome: "PASS", transport: "" };
  const what = "the profile that the server names must be the one it is judged as (--profile)";
  return { check, outcome: "FAIL", transport: "", failure: { what, expected: asked, got: named, exchange: [] } };
}
