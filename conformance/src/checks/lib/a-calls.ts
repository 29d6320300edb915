// Calls by name, for checks that put the same question to every call; and refusals where the specification leaves a choice.
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError } from "@connectrpc/connect";
import { Platform, type Profile, type ReasonName, type UserStatusService } from "@userstatus/protocol";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import type { Bench } from "../../check.ts";
import { rowTtlMs } from "./a-profile.ts";

type UserClient = Client<typeof UserStatusService>;

/** A call that is ready to be made, with arguments that are good but for what the check looks at. */
export interface NamedCall {
  readonly name: string;
  readonly call: () => Promise<unknown>;
}

/** What the calls are made with. */
export interface CallOptions {
  readonly client: UserClient;
  readonly sessionId: string;
  /** A user other than the caller. */
  readonly targetId: string;
  readonly profile: Profile;
}

/** The calls that only use a session: not Heartbeat and Watch, which revive one, nor Logout. */
export function plainCalls({ client, sessionId, targetId, profile }: CallOptions): readonly NamedCall[] {
  const ttlMs = rowTtlMs(profile);
  const ttl = ttlMs === undefined ? {} : { ttl: durationFromMs(ttlMs) };
  const userIds = [targetId];
  return [
    { name: "SetCustomStatus", call: () => client.setCustomStatus({ sessionId, customStatus: { text: "x" } }) },
    { name: "QueryStatuses", call: () => client.queryStatuses({ sessionId, userIds }) },
    { name: "Subscribe", call: () => client.subscribe({ sessionId, userIds, ...ttl }) },
    {
      name: "Unsubscribe",
      call: () => client.unsubscribe({ sessionId, target: { case: "users", value: { userIds } } }),
    },
    { name: "ListSubscriptions", call: () => client.listSubscriptions({ sessionId }) },
    { name: "Sync", call: () => client.sync({ sessionId, marker: "m" }) },
  ];
}

/** Every call that takes a session id; Logout last. */
export function sessionCalls(options: CallOptions): readonly NamedCall[] {
  const { client, sessionId } = options;
  return [
    ...plainCalls(options),
    { name: "Heartbeat", call: () => client.heartbeat({ sessionId }) },
    { name: "Watch", call: () => openAndDrop(client, { sessionId }) },
    { name: "Logout", call: () => client.logout({ sessionId }) },
  ];
}

/** Every call that needs a token. */
export function tokenCalls(options: CallOptions): readonly NamedCall[] {
  const login = { deviceId: "some-device", platform: Platform.ANDROID };
  return [{ name: "Login", call: () => options.client.login(login) }, ...sessionCalls(options)];
}

/** Opens a Watch, and leaves it when its first frame is there. Rejects if the call is refused. */
export async function openAndDrop(
  client: UserClient,
  request: { sessionId: string; cursor?: Uint8Array },
): Promise<void> {
  const stop = new AbortController();
  try {
    for await (const frame of client.watch(request, { signal: stop.signal })) if (frame) return;
  } finally {
    stop.abort();
  }
}

/** The reason that a call is refused with; "success" if it is not, "no reason" if it gives none. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "success";
  } catch (error) {
    return ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason ?? "no reason";
  }
}

/** Refused with one of these: where two errors apply, either conforms (auth-first). */
export async function refusedWithOneOf(
  t: Bench,
  call: Promise<unknown>,
  reasons: readonly ReasonName[],
  what: string,
): Promise<void> {
  const reason = await reasonOf(call);
  t.ok(
    reasons.some((one) => one === reason),
    `${what}: refused with ${reasons.join(" or ")}`,
    reason,
  );
}

/** Every plain call is refused with this reason. Sync may also say that the session has no open Watch, for that is so too. */
export async function allRefused(
  t: Bench,
  calls: readonly NamedCall[],
  reason: ReasonName,
  what: string,
  check: (refusal: Awaited<ReturnType<Bench["refused"]>>, name: string) => void = () => {},
): Promise<void> {
  for (const { name, call } of calls) {
    if (name === "Sync") await refusedWithOneOf(t, call(), [reason, "NO_OPEN_WATCH"], `${name} ${what}`);
    else check(await t.refused(call(), reason, `${name} ${what}`), name);
  }
}
