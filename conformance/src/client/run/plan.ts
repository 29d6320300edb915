// Which checks run over which protocols. Pure.
import type { ClientCheck } from "../check.ts";
import type { Hello, Protocol } from "../contract/contract.ts";
import type { ClientJob } from "./options.ts";

export interface PlanInput {
  readonly checks: readonly ClientCheck[];
  readonly hello: Hello;
  /** Those to run over, at least one. */
  readonly protocols: readonly Protocol[];
  readonly everyProtocol: boolean;
}

/** Where one protocol is enough, the checks take turns among them: which one a check gets depends on nothing but its place. */
export function planClientRun({ checks, hello, protocols, everyProtocol }: PlanInput): ClientJob[] {
  return checks.flatMap((check, at): ClientJob[] => {
    const missing = check.ops?.filter((op) => !hello.ops.includes(op)) ?? [];
    if (missing.length > 0) {
      const skip = `the client has no command ${missing.join(", ")}`;
      return [{ check, protocol: undefined, skip }];
    }
    if (everyProtocol || check.everyProtocol === true) return protocols.map((protocol) => ({ check, protocol }));
    return [{ check, protocol: protocols[at % protocols.length] }];
  });
}
