// Checks of SPEC §3 and §18: the admin and the testing service judge tokens as the users' does, before their role.
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Bench, Check, Tool } from "../check.ts";
import type { NamedCall } from "./lib/a-calls.ts";
import { stateOf } from "./lib/a-scenes.ts";

type TokenReason = "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED";

/** One of the two services. */
interface Service {
  readonly name: string;
  readonly tool: Tool;
  /** Every call of it, with this token. */
  readonly calls: (t: Bench, token: string | null, userId: string) => readonly NamedCall[];
  /** What must be as before when all of them were refused. */
  readonly look: (t: Bench, userId: string) => Promise<unknown>;
}

const admin: Service = {
  name: "admin",
  tool: "admin",
  calls: (t, token, userId) => {
    const client = t.admin.as(token);
    const userIds = [userId];
    return [
      { name: "QueryStatuses", call: () => client.queryStatuses({ userIds }) },
      { name: "RegisterUsers", call: () => client.registerUsers({ userIds: [t.unregisteredId()] }) },
      { name: "GetFeatures", call: () => client.getFeatures({}) },
      { name: "UpdateFeatures", call: () => client.updateFeatures({ features: { plan: true, userStatus: true } }) },
      { name: "SetFriends", call: () => client.setFriends({ userId }) },
      { name: "EndSessions", call: () => client.endSessions({ userId }) },
      { name: "DeleteUsers", call: () => client.deleteUsers({ userIds }) },
    ];
  },
  look: (t, userId) => t.admin.query([userId]),
};

const testing: Service = {
  name: "testing",
  tool: "test-clock",
  calls: (t, token) => {
    const client = t.clock.as(token);
    return [
      { name: "GetClock", call: () => client.getClock({}) },
      { name: "AdvanceClock", call: () => client.advanceClock({ duration: durationFromMs(1000) }) },
      { name: "ChangeEpoch", call: () => client.changeEpoch({}) },
    ];
  },
  look: async (t) => (await t.clock.now()).now,
};

function tokenCheck(
  service: Service,
  check: { requirement: string; what: string; reason: TokenReason; tools?: readonly Tool[] },
  token: (t: Bench, userToken: (expiresInMs: number) => Promise<string>) => Promise<string | null>,
): Check {
  const { requirement, what, reason, tools = [] } = check;
  return {
    id: `${requirement}/${service.name}`,
    title: `Every call of the ${service.name} service ${what} is refused with ${reason}, and changes nothing`,
    tools: [service.tool, ...tools],
    run: async (t: Bench) => {
      const session = await t.session();
      // The clock stands still from the first call on that moves it.
      if (service === testing) await t.clock.advance(0);
      const { user } = session;
      const before = await service.look(t, user.id);
      const given = await token(t, (expiresInMs) => user.token({ expiresInMs }));
      for (const { name, call } of service.calls(t, given, user.id))
        await t.refused(call(), reason, `${name} of the ${service.name} service ${what}`);
      t.equal(await service.look(t, user.id), before, "What the service shows after the refused calls");
      t.equal(await stateOf(t, session), "success", "A call of the user after the refused calls");
    },
  };
}

/** A day, so that a server whose clock is wrong by hours sees it as past all the same. */
const longPastMs = -86_400_000;

export const adminTokenChecks: readonly Check[] = [admin, testing].flatMap((service) => [
  tokenCheck(
    service,
    { requirement: "auth-missing", what: "without a token", reason: "TOKEN_MISSING" },
    async () => null,
  ),
  tokenCheck(
    service,
    { requirement: "auth-invalid", what: "with a token that can't be read", reason: "TOKEN_INVALID" },
    async () => "no.such.token.as-this",
  ),
  tokenCheck(
    service,
    {
      requirement: "auth-expired",
      what: "with a user's token that has run out",
      reason: "TOKEN_EXPIRED",
      tools: ["short-tokens"],
    },
    (_t, userToken) => userToken(longPastMs),
  ),
]);
