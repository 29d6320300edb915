// The clock, and calls that run into a rate.
import { durationOf, instantOf } from "../../units.ts";
import { Finding } from "../finding.ts";
import { fence } from "../judge/fence.ts";
import { judgeOutcome, sessionFaults } from "../judge/refusal.ts";
import { freeMs, rateVerdict } from "../model/rates.ts";
import { advance, dueInstants } from "../model/settle.ts";
import type { Step } from "../steps.ts";
import { answered, type Walk } from "../walk/walk.ts";
import { type Actor, actor, callOf } from "./acting.ts";
import { takeHeartbeat } from "./login.ts";
import { callQuery, takeQuery } from "./reads.ts";
import { callSubscribe, callUnsubscribe, takeSubscribe, takeUnsubscribe } from "./rows.ts";
import { callSet, takeSet, ttlOf } from "./texts.ts";

type Of<D extends Step["do"]> = Extract<Step, { readonly do: D }>;

/** Longest step that AdvanceClock takes (testing.v1). */
const stepMaxMs = 400 * 86_400_000;

export async function moveClock(walk: Walk, ms: number, holdLeases: boolean): Promise<void> {
  const { app, lane } = walk;
  const answer = await answered(walk, "AdvanceClock", ["clock-advance"], async () =>
    lane.testing?.advanceClock({ duration: durationOf(ms), holdLeases }, await walk.adminHeaders()),
  );
  const got = instantOf(answer?.now);
  if (got !== app.nowMs + ms)
    throw new Finding(["clock-advance"], "the time that AdvanceClock tells", String(app.nowMs + ms), String(got));
  advance(app, ms, holdLeases);
}

export async function doPass(walk: Walk, { ms, hold }: Of<"pass">): Promise<void> {
  await moveClock(walk, ms, hold);
}

export async function doDue(walk: Walk, { nth, before, hold }: Of<"due">): Promise<void> {
  const { app } = walk;
  const held = new Set(hold ? walk.cast.flatMap(({ sessions }) => sessions.map(({ leaseEndMs }) => leaseEndMs)) : []);
  const instants = new Set(walk.cast.flatMap((user) => dueInstants(app, user)));
  const ahead = [...instants].filter((at) => at > app.nowMs && !held.has(at)).toSorted((a, b) => a - b);
  const instant = ahead[Math.min(nth, ahead.length - 1)];
  const ms = instant === undefined ? 1000 : instant - app.nowMs - (before ? 1 : 0);
  await moveClock(walk, Math.min(ms, stepMaxMs), hold);
}

/** Most calls of a burst where there is no rate (rate-none). */
const burstMax = 50;

export async function doBurst(walk: Walk, step: Of<"burst">): Promise<void> {
  const { app } = walk;
  const who = actor(walk, step);
  const { user } = who;
  const rate = app.rules.rate(step.procedure);
  const exempt = rate === undefined || (rate.selfExempt && step.own && step.procedure === "QueryStatuses");
  const most = exempt || !app.timed ? burstMax : rate.maxCalls * 2 + 1;
  for (let count = 0; count < most; count++) if (!(await burstCall(walk, who, step))) break;
  const freeAtMs = freeMs(app, user, step.procedure);
  if (!app.timed || freeAtMs === undefined || freeAtMs <= app.nowMs) return;
  await fence(walk);
  await moveClock(walk, Math.ceil(freeAtMs - app.nowMs), true);
  if (rateVerdict(app, user, step.procedure, false) === "admit") await burstCall(walk, who, step);
}

/** Whether it went through. */
async function burstCall(walk: Walk, who: Actor, { procedure, own }: Of<"burst">): Promise<boolean> {
  const { app, lane } = walk;
  const ids = [own ? who.user.id : (walk.cast[who.user === walk.cast[0] ? 1 : 0]?.id ?? "")];
  const { sessionId } = who;
  switch (procedure) {
    case "SetCustomStatus": {
      const input = { text: "burst", ttlMs: undefined };
      return takeSet(walk, who, input, await callSet(walk, who, input));
    }
    case "QueryStatuses":
      return takeQuery(walk, who, ids, await callQuery(walk, who, ids));
    case "Subscribe": {
      const ttlMs = ttlOf(app.rules.rows, "usual", 0);
      return takeSubscribe(walk, who, ids, ttlMs, await callSubscribe(walk, who, ids, ttlMs));
    }
    case "Unsubscribe":
      return takeUnsubscribe(walk, who, ids, await callUnsubscribe(walk, who, ids));
    case "Heartbeat":
      return takeHeartbeat(
        walk,
        who,
        await callOf(walk, who, procedure, (options) => lane.user.heartbeat({ sessionId }, options)),
      );
    case "ListSubscriptions": {
      const outcome = await callOf(walk, who, procedure, (options) =>
        lane.user.listSubscriptions({ sessionId }, options),
      );
      const facts = { user: who.user, method: procedure, what: `ListSubscriptions of ${who.user.id}` };
      return judgeOutcome(walk, { ...facts, ...sessionFaults(who.user, sessionId, false) }, outcome);
    }
  }
}
