import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import { expect, test } from "vitest";
import { asFailure } from "../failure.ts";
import { createSpentTokens } from "./spent-tokens.ts";

function refusal(reason: string): ConnectError {
  const detail = { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, domain: "userstatus" }) };
  return new ConnectError("refused", Code.Unauthenticated, undefined, [detail]);
}

test("a short token that had run out when it was used is told from one that had not", () => {
  let now = 0;
  const spent = createSpentTokens(() => now);
  spent.made("short", 1_200);
  const early = refusal("TOKEN_EXPIRED");
  spent.refused("Bearer short", early);
  now = 1_200;
  const late = refusal("TOKEN_EXPIRED");
  spent.refused("Bearer short", late);
  const other = refusal("SESSION_LOST");
  spent.refused("Bearer short", other);
  const usual = refusal("TOKEN_EXPIRED");
  spent.refused("Bearer usual", usual);
  expect([early, late, other, usual].map((error) => spent.caused(asFailure(error, "it must be answered")))).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(spent.caused("nothing of the kind")).toBe(false);
});
