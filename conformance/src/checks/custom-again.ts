import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { seen } from "./lib/b-sessions.ts";
import { textsEnd, textTtlMs, textTtlOf } from "./lib/b-times.ts";
import { higher, sampleText, textEndOf, textOf } from "./lib/b-values.ts";

const againIsAChange: Check = {
  id: "custom-again/told",
  title: "Sets the same text twice: the second makes new revisions and is told to the watcher and to the user",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { session: owner, watch: ownWatch } = await t.watcher();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const text = sampleText(t);
    const first = (await pace.set(owner, text)).self?.status;
    const shown = await seen(t, id);
    await watch.status(id, "the text on the watcher's Watch", (status) => textOf(status) === text);
    await pace.set(owner, text);
    const again = await seen(t, id);
    t.equal(textOf(again), text, "text after it was set again");
    higher(t, again.revision, shown.revision, "the revision after the same text was set again");
    await watch.status(id, "the same text with a higher revision, on the watcher's Watch", (status) => {
      return textOf(status) === text && status.revision > shown.revision;
    });
    const ownRevision = first?.revision;
    t.ok(ownRevision !== undefined, "the answer has a self status", first);
    await ownWatch.self("`self` with the same text and a higher revision, on the user's own Watch", (self) => {
      return textOf(self.status) === text && (self.status?.revision ?? 0n) > ownRevision;
    });
  },
};

const againStartsTtl: Check = {
  id: "custom-again/ttl-anew",
  title: "Sets the same text again half-way through its ttl: it holds past the earlier end",
  applies: textsEnd,
  timeMs: (profile) => textTtlMs(profile) + paceMs(profile, { SetCustomStatus: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { givenMs, lastsMs } = textTtlOf(t);
    const owner = await t.session();
    const text = sampleText(t);
    const firstEnd = textEndOf(t, (await pace.set(owner, text, givenMs)).self?.status, "the first SetCustomStatus");
    await t.time.pass(Math.ceil(lastsMs / 2), "all");
    const secondEnd = textEndOf(t, (await pace.set(owner, text, givenMs)).self?.status, "the second SetCustomStatus");
    t.ok(secondEnd >= firstEnd + lastsMs / 2, "expire_time is later by what had passed of the ttl", {
      firstEnd,
      secondEnd,
    });
    await t.time.reach(firstEnd, "all");
    t.equal(textOf(await seen(t, owner.user.id)), text, "text at the first expire_time, after it was set again");
  },
};

const againByLogin: Check = {
  id: "custom-again/by-login",
  title: "Logs in again with the text that stands: new revisions, told to the watcher and to the user",
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const text = sampleText(t);
    const { session: owner, watch: ownWatch } = await t.watcher({ text });
    const { id } = owner.user;
    await watcher.subscribe([id]);
    const shown = await seen(t, id);
    t.equal(textOf(shown), text, "text of the first Login");
    await watch.status(id, "the text on the watcher's Watch", (status) => textOf(status) === text);
    const ownRevision = owner.login.self?.status?.revision;
    t.ok(ownRevision !== undefined, "the answer of Login has a self status", owner.login);
    await owner.user.login({ device: owner.device, platform: owner.platform, text });
    const again = await seen(t, id);
    t.equal(textOf(again), text, "text after Login with the same text");
    higher(t, again.revision, shown.revision, "the revision after Login with the same text");
    await watch.status(id, "the same text with a higher revision, on the watcher's Watch", (status) => {
      return textOf(status) === text && status.revision > shown.revision;
    });
    await ownWatch.self("`self` with the same text and a higher revision, on the user's own Watch", (self) => {
      return textOf(self.status) === text && (self.status?.revision ?? 0n) > ownRevision;
    });
  },
};

export const customAgainChecks: readonly Check[] = [againIsAChange, againStartsTtl, againByLogin];
