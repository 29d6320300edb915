// Steady unary calls of many users, over gRPC, over Connect with JSON, or both in turn.
import { check } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import { callMs, createCalls, refused, type Session } from "./calls.ts";
import { plan, usersOf } from "./plan.ts";

const callers = usersOf("callers");
const calls = createCalls();

export const unaryScenario = {
  executor: "constant-arrival-rate",
  exec: "run",
  duration: `${plan.durationS}s`,
  rate: Math.max(1, Math.round(plan.rate * 60)),
  timeUnit: "60s",
  preAllocatedVUs: plan.callers,
  gracefulStop: "30s",
} as const;

let session: Session | undefined;
let beatMs = 0;
let turn = 0;

/** Each virtual user is a user of its own, logged in at its first call. */
export async function callNext(method: string, messageOf: (session: Session, turn: number) => object): Promise<void> {
  if (!session) {
    const user = callers[(exec.vu.idInTest - 1) % callers.length];
    if (!user) throw new Error("there are no callers");
    calls.connect();
    session = await calls.login(user);
    beatMs = Date.now();
  }
  if (Date.now() - beatMs > plan.heartbeatMs) {
    beatMs = Date.now();
    await calls.call(session, "Heartbeat", { sessionId: session.sessionId });
  }
  const transport = plan.transports[turn++ % plan.transports.length];
  const message = messageOf(session, turn);
  if (transport === "grpc") await calls.call(session, method, message);
  else overConnect(session, method, message);
}

function overConnect(user: Session, method: string, message: object): void {
  const answer = http.post(`${plan.url}/userstatus.v1.UserStatusService/${method}`, JSON.stringify(message), {
    headers: { "content-type": "application/json", authorization: `Bearer ${user.token}` },
    tags: { name: method },
  });
  callMs.add(answer.timings.duration, { method, transport: "connect" });
  if (!check(answer, { "answered with 200": ({ status }) => status === 200 })) refused.add(1, { method });
}
