// One user who does things at random, one after the other, and knows what he was answered.
import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "@connectrpc/connect";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Platform, type UserStatusService } from "@userstatus/protocol";
import type { Random } from "./random.ts";
import { blankState, type Knowledge, type UserState } from "./model.ts";

export interface Actor extends Knowledge {
  readonly userId: string;
  /** Highest revision that anybody was told, and the text under it. */
  seen: { revision: bigint; text: string | null };
}

export type User = Client<typeof UserStatusService>;

export const devices = ["phone", "tab", "desk"];
export const targets: readonly string[] = Array.from({ length: 40 }, (_, at) => `t${at}`);

export function newActor(userId: string): Actor {
  return { userId, acknowledged: blankState, possible: [], seen: { revision: 0n, text: null } };
}

export function headersOf(userId: string): { headers: Record<string, string> } {
  return { headers: { Authorization: `Bearer dev:app:${userId}` } };
}

let texts = 0;

/** Does things until the server is gone. Answers how many changes were acknowledged. */
export async function act(actor: Actor, user: User, random: Random, gone: () => boolean): Promise<number> {
  let acknowledged = 0;
  while (!gone()) {
    const step = pick(actor, random);
    actor.possible.push(step.after);
    try {
      const after = await step.call(user);
      actor.acknowledged = after;
      // The record was written whole: what failed before is not there.
      actor.possible = [];
      acknowledged++;
    } catch (error) {
      // Refused for its disk, or without an answer: nobody knows. Anything else is a fault of this load.
      const code = ConnectError.from(error).code;
      if (code !== Code.Unavailable && code !== Code.Unknown && code !== Code.Aborted && code !== Code.Canceled) {
        if (!gone()) throw error;
      }
      if (!gone()) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return acknowledged;
}

interface Step {
  /** The state after it, with `?` for what only the answer tells. */
  readonly after: UserState;
  readonly call: (user: User) => Promise<UserState>;
}

function pick(actor: Actor, random: Random): Step {
  const { acknowledged: now, userId } = actor;
  const device = random.of(devices);
  const own = Object.values(now.sessions)[0];
  if (own === undefined || random.below(8) === 0) return loginStep(actor, device, random);
  const sessionId = own;
  switch (random.below(5)) {
    case 0: {
      const [logged] = Object.keys(now.sessions);
      const { [logged ?? ""]: _, ...sessions } = now.sessions;
      const after = { ...now, sessions };
      return { after, call: async (user) => (await user.logout({ sessionId }, headersOf(userId)), after) };
    }
    case 1: {
      const named = random.some(targets);
      const after = { ...now, rows: Object.fromEntries(Object.entries(now.rows).filter(([id]) => !named.includes(id))) };
      const target = { case: "users" as const, value: { userIds: named } };
      return { after, call: async (user) => (await user.unsubscribe({ sessionId, target }, headersOf(userId)), after) };
    }
    case 2:
    case 3: {
      const named = random.some(targets);
      const rows = { ...now.rows, ...Object.fromEntries(named.map((id) => [id, "?"])) };
      const ttl = durationFromMs(3_600_000 + random.below(86_400_000));
      return {
        after: { ...now, rows },
        call: async (user) => {
          const { results } = await user.subscribe({ sessionId, userIds: named, ttl }, headersOf(userId));
          const made = results.map(({ userId: id, result }) => {
            const expire = result.case === "subscribed" ? result.value.subscription?.expireTime : undefined;
            if (!expire) throw new Error(`no row to ${id}`);
            return [id, String(timestampMs(expire))];
          });
          return { ...now, rows: { ...rows, ...Object.fromEntries(made) } };
        },
      };
    }
    default: {
      const text = `text ${++texts}`;
      const after = { ...now, text };
      return {
        after,
        call: async (user) => {
          const { self } = await user.setCustomStatus({ sessionId, customStatus: { text } }, headersOf(userId));
          if (self?.status?.customStatus?.text !== text) throw new Error("another text than was set");
          return after;
        },
      };
    }
  }
}

/** Session and text in one change: one without the other would be half of it. */
function loginStep({ acknowledged: now, userId }: Actor, deviceId: string, random: Random): Step {
  const text = random.below(2) === 0 ? `login ${++texts}` : now.text;
  const customStatus = text === null || text === now.text ? {} : { customStatus: { text } };
  const known = now.sessions[deviceId];
  const sessions = { ...now.sessions, [deviceId]: known ?? "?" };
  return {
    after: { ...now, text, sessions },
    call: async (user) => {
      const request = { deviceId, platform: Platform.ANDROID, ...customStatus };
      const { sessionId } = await user.login(request, headersOf(userId));
      if (known !== undefined && known !== sessionId) throw new Error("another session for the same device");
      return { ...now, text, sessions: { ...sessions, [deviceId]: sessionId } };
    },
  };
}
