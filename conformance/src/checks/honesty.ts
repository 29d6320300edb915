// A test clock runs code that production never runs. These few checks wait for real time, whatever clock the run has.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { OnlineStatus, Platform, type Profile, type RateLimit } from "@userstatus/protocol";
import type { Bench, Check, Refusal, TestSession } from "../check.ts";
import { graceMs, sessionOf, setEnding, targets, textsEnd, textTtl } from "./lib/c-actors.ts";
import { survivesClose } from "./lib/c-away.ts";
import { foldToFence } from "./lib/c-state.ts";

/** Longest stretch that one of these waits. */
const waitMaxMs = 5_000;
const textMs = 1_500;
/** Two clocks that both tell true may differ by so much over these few seconds. */
const driftMs = 50;

const text: Check = {
  id: "custom-expires/real-clock",
  title: "in real time: a text ends by itself and its end is told, not before its ttl has passed",
  realTime: true,
  applies: (profile) => {
    if (textsEnd(profile) !== true) return textsEnd(profile);
    return (textTtl(profile, textMs)?.ttlMs ?? 0) <= waitMaxMs || "the least ttl is too long to wait for";
  },
  timeMs: (profile) => textTtl(profile, textMs)?.ttlMs ?? 0,
  async run(t: Bench) {
    const [target] = await targets(t, 1);
    const { session, watch } = await t.watcher();
    await session.subscribe([target.id]);
    const start = performance.now();
    const endMs = await setEnding(t, sessionOf(target), "for real", textMs);
    await watch.status(target.id, "the text", (status) => status.customStatus?.text === "for real");
    const mark = watch.mark();
    await t.time.reach(endMs, [session, sessionOf(target)]);
    await watch.status(
      target.id,
      "the end of the text, told by itself",
      (status) => (status.customStatus?.text ?? "") === "",
      mark,
    );
    const tookMs = performance.now() - start;
    const ttlMs = textTtl(t.profile, textMs)?.ttlMs ?? 0;
    t.ok(tookMs >= ttlMs - driftMs, `the text must hold for its ttl of ${ttlMs} ms of real time`, tookMs);
    t.equal((await session.statusOf(target.id)).customStatus?.text ?? "", "", "text by QueryStatuses");
  },
};

const link: Check = {
  id: "link-close/real-clock",
  title: "in real time: the end of a Watch stays unseen for the grace, and is told once that has passed",
  realTime: true,
  applies: (profile) => {
    if (survivesClose(profile) !== true) return survivesClose(profile);
    return graceMs(profile) <= waitMaxMs || "the grace is too long to wait for";
  },
  timeMs: graceMs,
  async run(t: Bench) {
    const lost = await t.watcher({ platform: Platform.ANDROID });
    const observer = await t.watcher();
    await observer.session.subscribe([lost.user.id]);
    t.equal(
      (await foldToFence(observer.watch)).statuses.get(lost.user.id)?.onlineStatus,
      OnlineStatus.ONLINE,
      "online status before",
    );
    const life = t.liveness(Platform.ANDROID);
    const mark = observer.watch.mark();
    const beforeMs = await t.time.now();
    await lost.watch.close();
    const afterMs = await t.time.now();
    if (life.graceMs > 0) {
      await t.time.justBefore(beforeMs + life.graceMs, [observer.session]);
      t.equal(
        (await observer.session.statusOf(lost.user.id)).onlineStatus,
        OnlineStatus.ONLINE,
        "online status within the grace",
      );
    }
    await t.time.reach(afterMs + life.graceMs, [observer.session]);
    const told = "another status than ONLINE, told by itself once the grace has passed";
    await observer.watch.status(lost.user.id, told, (status) => status.onlineStatus !== OnlineStatus.ONLINE, mark);
    const shown = (await observer.session.statusOf(lost.user.id)).onlineStatus;
    t.equal(shown, life.offline ? OnlineStatus.OFFLINE : OnlineStatus.LOGGED_OUT, "online status after the grace");
  },
};

const calls = ["SetCustomStatus", "Subscribe", "Unsubscribe", "QueryStatuses"] as const;

/** The rate with the shortest window among the calls that a check can make often. */
function shortestRate(profile: Profile): RateLimit | undefined {
  return profile.rateLimits
    .filter(
      (rule) =>
        calls.some((name) => name === rule.procedure) && rule.window !== undefined && windowMs(rule) <= waitMaxMs,
    )
    .sort((one, other) => windowMs(one) - windowMs(other))[0];
}

function windowMs(rule: RateLimit | undefined): number {
  return rule?.window === undefined ? 0 : durationMs(rule.window);
}

function call(session: TestSession, procedure: string, id: string): Promise<unknown> {
  if (procedure === "SetCustomStatus") return session.raw.set({ text: "again" });
  if (procedure === "Subscribe") return session.raw.subscribe([id]);
  if (procedure === "Unsubscribe") return session.raw.unsubscribe([id]);
  return session.raw.query([id]);
}

const rate: Check = {
  id: "rate-limit/real-clock",
  title: "in real time: calls beyond the rate are refused, and after the delay of RetryInfo one is admitted",
  realTime: true,
  applies: (profile) => shortestRate(profile) !== undefined || "no rate has a window that is short enough to wait for",
  timeMs: (profile) => windowMs(shortestRate(profile)),
  async run(t: Bench) {
    const [target] = await targets(t, 1);
    const session = await t.session();
    const rule = shortestRate(t.profile);
    const { procedure = "", maxCalls = 0 } = rule ?? {};
    const tried = (): Promise<Refusal | undefined> =>
      call(session, procedure, target.id).then(
        () => undefined,
        (error: unknown) => t.refused(Promise.reject(error), "RATE_LIMITED", `${procedure} beyond its rate`),
      );
    // A bucket that fills all the time admits a few more while the calls are made: more than one beyond the rate are tried.
    const times = maxCalls * 3 + 3;
    const outcomes = await Promise.all(Array.from({ length: times }, tried));
    const refusals = outcomes.filter((outcome) => outcome !== undefined);
    const admitted = outcomes.length - refusals.length;
    t.ok(admitted >= maxCalls, `${maxCalls} calls of ${procedure} must be admitted`, admitted);
    const longestMs = Math.max(...refusals.map(({ retryAfterMs = 0 }) => retryAfterMs));
    t.ok(
      longestMs > 0 && longestMs <= windowMs(rule),
      `calls beyond the rate must be refused, with delays of at most ${windowMs(rule)} ms`,
      refusals,
    );
    // On a slow machine one of them was admitted after another was told how long to wait: the delay that counts is one that comes last.
    let last: Refusal | undefined;
    for (let at = 0; at < times && last === undefined; at++) last = await tried();
    if (last === undefined) return t.notTestable("this machine was too slow to call beyond the rate, one by one");
    const waitMs = last.retryAfterMs ?? 0;
    t.ok(waitMs <= windowMs(rule), `the delay of a refusal must be at most ${windowMs(rule)} ms`, waitMs);
    await t.time.pass(waitMs, [session]);
    await call(session, procedure, target.id);
  },
};

/** Checks in real time. */
export const honestyChecks: readonly Check[] = [text, link, rate];
