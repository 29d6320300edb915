// SPEC §11.3, claim `resume`: what came and went while a client was away, its own session and text included.

import type { Platform, Profile } from "@userstatus/protocol";
import { ResumeResult } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { spanOf } from "./lib/a-instants.ts";
import { firstOf, gracesMs, hasLimit, limitSamples, livenessOf, platformName, ruleSamples } from "./lib/a-profile.ts";
import { closeLink, loginAll } from "./lib/a-scenes.ts";
import { clearMs, clearsAfterLogout } from "./lib/b-clearing.ts";
import { all, msOf, rowIn, sampleText, textOf } from "./lib/b-values.ts";
import { flip, sessionOf, setEnding, type Target, targets, textsEnd, textTtl } from "./lib/c-actors.ts";
import { comeBack, endsAs, goAway, sameDevice } from "./lib/c-away.ts";
import { foldToFence, type Held, holdsAll, resumeResultOf } from "./lib/c-state.ts";

/** Ttl of a text that must outlast going away and end before coming back. */
const textMs = 5_000;
/** A grace of up to so long leaves time to come back while the cursor must be good. */
const graceMaxMs = 30_000;

/** One platform for each liveness rule under which a link can be lost and the cursor still be good. */
function lossSamples(profile: Profile): readonly Platform[] {
  return ruleSamples(profile).filter((platform) => livenessOf(profile, platform).graceMs <= graceMaxMs);
}

interface Following {
  readonly target: Target;
  readonly watch: TestWatch;
  readonly held: Held;
}

/** The session subscribes to somebody, and holds what its Watch tells. */
async function follow(t: Bench, session: TestSession): Promise<Following> {
  const [target] = await targets(t, 1);
  await session.subscribe([target.id]);
  const watch = await session.watch();
  return { target, watch, held: await foldToFence(watch) };
}

/** A Watch with the last cursor is RESUMED, and leads to what the server holds. */
async function goesOn(t: Bench, { target, watch, held }: Following, session: TestSession, what: string): Promise<void> {
  const again = await session.watch({ cursor: watch.cursor });
  t.equal(resumeResultOf(again), ResumeResult.RESUMED, `resume_result ${what}`);
  const now = await foldToFence(again, held);
  await holdsAll(t, now, session, what);
  t.equal(now.rows.has(target.id), true, `whether the row is held ${what}`);
}

const used: Check[] = [
  {
    id: "resume-used/kicked",
    title: "a newer login kicks the session of the Watch: from its last cursor the newer one's Watch is RESUMED",
    applies: hasLimit,
    async run(t: Bench) {
      const { filling, extra, title } = firstOf(limitSamples(t.profile));
      const user = await t.user();
      const following = await follow(t, firstOf(await loginAll(user, filling)));
      const newest = await user.login({ platform: extra });
      await following.watch.end(`the Watch of the earliest session, beyond ${title}`);
      await flip(following.target);
      await goesOn(t, following, newest, "after a kick");
    },
  },
  {
    id: "resume-used/ended-by-the-backend",
    title: "the backend ends the session of the Watch: from its last cursor that of the next session is RESUMED",
    tools: ["admin"],
    async run(t: Bench) {
      const session = await t.session();
      const following = await follow(t, session);
      await t.admin.endSessions(session.user.id);
      await following.watch.end("the Watch of a session that the backend ended");
      await flip(following.target);
      await goesOn(t, following, await sameDevice(session), "after the backend ended the session");
    },
  },
  {
    id: "resume-used/lost",
    title: "the session of the Watch is lost, under each liveness rule: once it is back its Watch is RESUMED",
    applies: (profile) => lossSamples(profile).length > 0 || "every grace is as long as a cursor must be good",
    timeMs: (profile) => gracesMs(profile, lossSamples(profile)),
    async run(t: Bench) {
      for (const platform of lossSamples(t.profile)) {
        const session = await t.session({ platform });
        const following = await follow(t, session);
        const { to } = await closeLink(t, following.watch);
        await t.time.reach(to + livenessOf(t.profile, platform).graceMs, [sessionOf(following.target)]);
        await flip(following.target);
        await goesOn(t, following, await sameDevice(session), `after a loss on ${platformName(platform)}`);
      }
    },
  },
];

const told: Check[] = [
  {
    id: "resume-ended/made-and-ended",
    title: "the end of a row that was made and ended while the client was away, and is held from the answer, is told",
    async run(t: Bench) {
      const [{ id }] = await targets(t, 1);
      const away = await goAway(t, []);
      const { row, status } = rowIn(t, await away.session.subscribe([id]), id);
      await away.session.unsubscribe([id]);
      const held = { ...away.held, rows: new Map([[id, row]]), statuses: new Map([[id, status]]) };
      const { watch } = await comeBack(t, { ...away, held }, "after a row was made and ended");
      endsAs(t, watch, held, id, "UNSUBSCRIBED");
    },
  },
  {
    id: "resume-covers/own-text-ran-out",
    title: "one's own text that ran out is told",
    applies: textsEnd,
    timeMs: (profile) => textTtl(profile, textMs)?.ttlMs ?? 0,
    async run(t: Bench) {
      const session = await t.session();
      const text = sampleText(t);
      const end = await setEnding(t, session, text, textMs);
      const watch = await session.watch();
      const held = await foldToFence(watch);
      await watch.close();
      const back = await sameDevice(session);
      await t.time.justBefore(end, "all");
      t.equal(textOf(held.self?.status), text, "own text held before it ends");
      await t.time.reach(end, "all");
      const again = await foldToFence(await back.watch({ cursor: watch.cursor }), held);
      t.equal(textOf(again.self?.status), "", "own text held");
    },
  },
  {
    id: "resume-covers/text-cleared-after-logout",
    title: "a target who had logged out, and whose text was cleared a while after that, is told",
    applies: all(
      clearsAfterLogout,
      (profile) =>
        (msOf(profile.customStatus?.defaultTtl) ?? Number.POSITIVE_INFINITY) > clearMs(profile) ||
        "default_ttl is shorter than clear_after_logout",
    ),
    timeMs: clearMs,
    async run(t: Bench) {
      const text = sampleText(t);
      const target = await t.session({ text });
      const { id } = target.user;
      const { from, to } = await spanOf(t, () => target.logout());
      const away = await goAway(t, [id]);
      await t.time.justBefore(from + clearMs(t.profile), "all");
      t.equal(textOf(away.held.statuses.get(id)), text, "text held before it is cleared");
      await t.time.reach(to + clearMs(t.profile), "all");
      const { held } = await comeBack(t, away, "after a text was cleared");
      t.equal(textOf(held.statuses.get(id)), "", "text held");
    },
  },
];

/** Checks of going on from a cursor after one's own session, a row, or a text ended. */
export const resumeGoneChecks: readonly Check[] = [...used, ...told];
