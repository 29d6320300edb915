// Two ways to refuse wrongly: what should be taken, or with another reason of the same code.
import type { ReasonName } from "@userstatus/protocol";
import { type PresenceSeams, refusal } from "@userstatus/server/seams";
import { type Any, methods, reasonOf, refusals, type Service, unaryNames, withInfo } from "../seam-tools.ts";

/** Refuses requests that should be taken. */
export function refuses(
  names: readonly (keyof Service)[],
  fits: (request: Any) => boolean,
  reason: ReasonName,
): PresenceSeams {
  return methods((service, deps) =>
    Object.fromEntries(
      names.map((name) => [
        name,
        (request: Any, context: Any) => {
          if (fits(request)) throw refusal(deps.rules.profile, reason, "refused");
          return service[name](request, context);
        },
      ]),
    ),
  );
}

/** Gives another reason; the code stays. */
export function calls(from: ReasonName, to: ReasonName, names: readonly (keyof Service)[] = unaryNames): PresenceSeams {
  return refusals(names, (error) => {
    throw reasonOf(error) === from ? withInfo(error, (info) => ({ ...info, reason: to })) : error;
  });
}
