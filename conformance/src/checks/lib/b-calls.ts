// Every procedure in the simplest form that a good server admits, and how a call came out. For checks of gates and rates, which look at all of them.
import type { Bench, Refusal, TestSession } from "../../check.ts";
import { sampleText } from "./b-values.ts";

/** Procedures that a check can call again and again. Logout and Watch are not among them. */
export const procedures: readonly string[] = [
  "GetServerInfo",
  "Login",
  "Heartbeat",
  "SetCustomStatus",
  "QueryStatuses",
  "Subscribe",
  "Unsubscribe",
  "ListSubscriptions",
  "Sync",
];

/** Calls a procedure as `session`; where it names a user, `otherId`. Rejects with what came. Sync needs an open Watch. */
export function call(t: Bench, procedure: string, session: TestSession, otherId: string): Promise<unknown> {
  switch (procedure) {
    case "GetServerInfo":
      return session.user.client().getServerInfo({});
    case "Login":
      return session.user.tryLogin({ device: session.device, platform: session.platform });
    case "Heartbeat":
      return session.raw.heartbeat();
    case "SetCustomStatus":
      return session.raw.set({ text: sampleText(t, t.random.int(26)) });
    case "QueryStatuses":
      return session.raw.query([otherId]);
    case "Subscribe":
      return session.raw.subscribe([otherId]);
    case "Unsubscribe":
      return session.raw.unsubscribe([otherId]);
    case "ListSubscriptions":
      return session.raw.list();
    case "Sync":
      return session.raw.sync(t.random.text(16));
    case "Logout":
      return session.raw.logout();
    default:
      return Promise.reject(
        new Error(`a profile names the procedure ${procedure}, which this version of the protocol has not`),
      );
  }
}

/** The call was admitted; else the check fails. */
export async function admitted(t: Bench, answer: Promise<unknown>, what: string): Promise<void> {
  const failure = await answer.then(
    () => undefined,
    (error: unknown) => error ?? "an error",
  );
  t.ok(failure === undefined, `${what} is admitted`, failure);
}

/** How a call of a limited procedure came out: undefined if it was admitted, else its RATE_LIMITED. Any other refusal fails the check. */
export async function rateOutcome(t: Bench, answer: Promise<unknown>, what: string): Promise<Refusal | undefined> {
  const failure = await answer.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  return failure === undefined ? undefined : t.refused(Promise.reject(failure.error), "RATE_LIMITED", what);
}
