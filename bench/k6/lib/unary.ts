// Unary calls of the callers in turn, over gRPC, over Connect with JSON, or both.
import exec from "k6/execution";
import http from "k6/http";
import { Trend } from "k6/metrics";
import { type Calls, refused, type Session } from "./calls.ts";
import { plan } from "./plan.ts";
import { callers, type LoggedIn, sessionAt } from "./sessions.ts";

const callMs = new Trend("userstatus_call_ms", true);

/** One call. `turn` counts the calls of its caller; `whole` says whether an answer is what it has to be. */
export interface Asked {
  readonly method: string;
  readonly message: object;
  readonly whole: (answer: Answer) => boolean;
}

export interface Answer {
  readonly results?: readonly { readonly error?: object | null }[];
  readonly failures?: readonly object[];
}

export async function callNext(
  calls: Calls,
  data: LoggedIn,
  askedOf: (session: Session, turn: number) => Asked,
): Promise<void> {
  const at = exec.scenario.iterationInTest;
  const turn = Math.floor(at / callers.length);
  const session = sessionAt(callers, data.callers, at);
  // The second term keeps transports from falling together with what is asked in turn.
  const transport = plan.transports[(at + turn + Math.floor(turn / 5)) % plan.transports.length];
  const { method, message, whole } = askedOf(session, turn);
  if (transport === "grpc") calls.connect();
  const startedMs = Date.now();
  const answer =
    transport === "grpc" ? await overGrpc(calls, session, method, message) : overConnect(session, method, message);
  callMs.add(Date.now() - startedMs, { method, transport: transport ?? "" });
  if (answer !== undefined && !whole(answer)) {
    refused.add(1, { method });
    console.error(`${method} of ${session.id}: ${JSON.stringify(answer).slice(0, 200)}`);
  }
}

/** True where every one of so many users was answered without an error. */
export function allOf(count: number): (answer: Answer) => boolean {
  return ({ results = [] }) => results.length === count && !results.some(({ error }) => error);
}

async function overGrpc(calls: Calls, user: Session, method: string, message: object): Promise<Answer | undefined> {
  try {
    return await calls.call<Answer>(user, method, message);
  } catch (error) {
    // It is counted.
    console.error(String(error));
    return undefined;
  }
}

function overConnect(user: Session, method: string, message: object): Answer | undefined {
  const answer = http.post(`${plan.url}/userstatus.v1.UserStatusService/${method}`, JSON.stringify(message), {
    headers: { "content-type": "application/json", authorization: `Bearer ${user.token}` },
    tags: { name: method },
  });
  if (answer.status === 200) return answer.json() as Answer;
  refused.add(1, { method });
  console.error(`${method} of ${user.id}: ${answer.status} ${answer.error} ${String(answer.body).slice(0, 200)}`);
  return undefined;
}
