// Who does a step, and the calls that all steps share.
import type { CallOptions } from "@connectrpc/connect";
import type { UserState } from "../model/state.ts";
import { type At, deviceName } from "../steps.ts";
import { attempt, type Outcome, type Walk } from "../walk/walk.ts";

export interface Actor {
  readonly user: UserState;
  /** One that was never issued, if the device never had one. */
  readonly sessionId: string;
}

export function actor(walk: Walk, { user: number, device }: At): Actor {
  const user = walk.cast[number];
  if (user === undefined) throw new RangeError(`there is no user ${number}`);
  return { user, sessionId: walk.sessionIds.get(`${user.id}/${deviceName(device)}`) ?? "never-issued" };
}

/** A call as this user. */
export async function callOf<T>(
  walk: Walk,
  { user }: Actor,
  method: string,
  make: (options: CallOptions) => Promise<T>,
): Promise<Outcome<T>> {
  const outcome = await attempt(walk, method, async () => make(await walk.headersOf(user)));
  walk.record?.(method, outcome.refusal === undefined ? "answered" : refusalText(outcome.refusal));
  return outcome;
}

function refusalText({ reason, endReason }: { reason: string | undefined; endReason: string | undefined }): string {
  return endReason === undefined ? String(reason) : `${reason} (${endReason})`;
}

/** A call as the backend. */
export function backend<T>(
  walk: Walk,
  method: string,
  make: (options: CallOptions) => Promise<T>,
): Promise<Outcome<T>> {
  return attempt(walk, method, async () => make(await walk.adminHeaders()));
}
