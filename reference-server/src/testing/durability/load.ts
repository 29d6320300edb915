// One user who does things at random, one after the other, and knows what he was answered.

import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { Platform, type UserStatusService } from "@userstatus/protocol";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import { blankState, type Knowledge, sameState, type UserState } from "./model.ts";
import type { Random } from "./random.ts";

export interface Actor extends Knowledge {
  readonly userId: string;
  /** Highest revision that anybody was told, and the text under it. */
  seen: { revision: bigint; text: string | null };
  /** What he asked for last and what came of it, for whoever looks into a finding. */
  readonly trail: string[];
}

export type User = Client<typeof UserStatusService>;

export const devices = ["phone", "tab", "desk"];
export const targets: readonly string[] = Array.from({ length: 40 }, (_, at) => `t${at}`);

export function newActor(userId: string): Actor {
  return { userId, acknowledged: blankState, possible: [], seen: { revision: 0n, text: null }, trail: [] };
}

export function headersOf(userId: string): { headers: Record<string, string> } {
  return { headers: { Authorization: `Bearer dev:app:${userId}` } };
}

const noAnswer = [Code.Unavailable, Code.Unknown, Code.Aborted, Code.Canceled];
let texts = 0;

/** Does things until the server is gone. Answers how many changes were acknowledged, and how many refused for their disk. */
export async function act(
  actor: Actor,
  user: User,
  random: Random,
  { gone, answered }: { readonly gone: () => boolean; readonly answered: () => void },
): Promise<{ acknowledged: number; refused: number }> {
  let acknowledged = 0;
  let refused = 0;
  while (!gone()) {
    const step = pick(actor, random);
    actor.possible.push(step.after);
    try {
      const after = await step.call(user);
      // The record was written whole: what failed before is not there. What changes nothing is answered without a write, also while the disk fails.
      if (sameState(after, actor.acknowledged)) actor.possible.pop();
      else actor.possible = [];
      actor.acknowledged = after;
      note(actor, step, "made");
      acknowledged++;
      answered();
    } catch (error) {
      // Refused for its disk, or without an answer: nobody knows. Anything else is a fault of this load.
      const silent = error instanceof ConnectError && noAnswer.includes(error.code);
      if (!silent && !gone()) throw error;
      note(actor, step, String(error));
      if (error instanceof ConnectError && error.findDetails(ErrorInfoSchema)[0]?.reason === "STORE_UNAVAILABLE")
        refused++;
      if (!gone()) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return { acknowledged, refused };
}

const trailMax = 12;

function note({ trail }: Actor, { after }: Step, outcome: string): void {
  trail.push(`${JSON.stringify(after)}: ${outcome}`);
  if (trail.length > trailMax) trail.shift();
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
      return { after, call: async (user) => user.logout({ sessionId }, headersOf(userId)).then(() => after) };
    }
    case 1: {
      const named = random.some(targets);
      const after = {
        ...now,
        rows: Object.fromEntries(Object.entries(now.rows).filter(([id]) => !named.includes(id))),
      };
      const target = { case: "users" as const, value: { userIds: named } };
      return {
        after,
        call: async (user) => user.unsubscribe({ sessionId, target }, headersOf(userId)).then(() => after),
      };
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
