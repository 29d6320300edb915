// Checks of SPEC §4: server info is open, complete and consistent, and a vendor's profile has the vendor's values.
import { toJson } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import {
  ClockScope,
  OnlineStatus,
  type Profile,
  ProfileSchema,
  ProvenanceMark,
  publishedProfile,
  SelfView,
} from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { onlineName } from "./lib/a-profile.ts";
import { msOf } from "./lib/a-scenes.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

function above(t: Bench, value: number | undefined, what: string): void {
  t.ok(value !== undefined && value > 0, `${what} is above zero`, value);
}

function lasting(t: Bench, value: Duration | undefined, what: string): void {
  above(t, value && durationMs(value), what);
}

function limitsGiven(t: Bench, profile: Profile): void {
  above(t, profile.customStatus?.maxBytes, "custom_status.max_bytes");
  above(t, profile.subscription?.subscribeBatchMax, "subscription.subscribe_batch_max");
  above(t, profile.subscription?.unsubscribeBatchMax, "subscription.unsubscribe_batch_max");
  above(t, profile.subscription?.maxSubscriptions, "subscription.max_subscriptions");
  above(t, profile.subscription?.listPageMax, "subscription.list_page_max");
  above(t, profile.query?.batchMax, "query.batch_max");
  for (const [index, rule] of profile.sessionRules.entries())
    above(t, rule.maxSessions, `session_rules[${index}].max_sessions`);
  for (const { procedure, maxCalls, window } of profile.rateLimits) {
    above(t, maxCalls, `rate_limits[${procedure}].max_calls`);
    lasting(t, window, `rate_limits[${procedure}].window`);
  }
}

function oneBatchFits(t: Bench, { subscription }: Profile): void {
  const { subscribeBatchMax = 0, maxSubscriptions = 0 } = subscription ?? {};
  const fits = subscribeBatchMax <= maxSubscriptions;
  t.ok(fits, "subscribe_batch_max is at most max_subscriptions", [subscribeBatchMax, maxSubscriptions]);
}

function ttlRangesGiven(t: Bench, profile: Profile): void {
  for (const [name, rules] of [
    ["custom_status", profile.customStatus],
    ["subscription", profile.subscription],
  ] as const) {
    if (!rules?.callerTtl) continue;
    lasting(t, rules.maxTtl, `${name}.max_ttl, where the caller may give a ttl,`);
    const [min, max] = [rules.minTtl ? durationMs(rules.minTtl) : 0, rules.maxTtl ? durationMs(rules.maxTtl) : 0];
    t.ok(min <= max, `${name}.min_ttl is not above max_ttl`, [min, max]);
  }
}

/** Value at a path of provenance such as `custom_status.max_bytes`, `liveness` or `rate_limits[Subscribe]`. */
function valueAt(root: Json, path: string): Json {
  let value: Json = root;
  for (const step of path.split(".")) {
    const [, name = step, key] = /^(\w+)(?:\[(\w+)\])?$/.exec(step) ?? [];
    value = Array.isArray(value) ? value.map((entry: Json) => member(entry, name)) : member(value, name);
    if (key !== undefined)
      value = Array.isArray(value) ? (value.find((entry) => named(entry, key)) ?? null) : member(value, key);
  }
  return value;
}

function member(value: Json, name: string): Json {
  return isObject(value) ? (value[name] ?? null) : null;
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function named(entry: Json, key: string): boolean {
  return isObject(entry) && Object.values(entry).includes(key);
}

/** In one form: lists whose order means nothing are sorted, and durations left out if the run has them scaled. */
function inOneForm(value: Json, ordered: boolean, durations: boolean): Json {
  if (Array.isArray(value)) {
    const list = value.map((entry: Json) => inOneForm(entry, false, durations));
    return ordered ? list : list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, entry]) => [key, inOneForm(entry, false, durations)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  if (!durations && typeof value === "string" && /^-?\d+(\.\d+)?s$/.test(value)) return "a duration";
  return value;
}

function jsonOf(profile: Profile): Json {
  return toJson(ProfileSchema, profile, { useProtoFieldName: true, alwaysEmitImplicit: true }) as Json;
}

export const infoChecks: readonly Check[] = [
  {
    id: "info-open/without-token",
    title: "GetServerInfo is answered without a token, with claims and profile",
    everyTransport: true,
    run: async (t: Bench) => {
      const info = await (await t.user()).client({ token: null }).getServerInfo({});
      t.ok(info.specVersion !== "", "GetServerInfo without a token gives spec_version", info.specVersion);
      t.ok(
        (info.profile?.name ?? "") !== "",
        "GetServerInfo without a token gives a profile with a name",
        info.profile?.name,
      );
    },
  },
  {
    id: "info-open/either-role",
    title: "GetServerInfo is answered with a user's token and with an admin's",
    tools: ["admin"],
    run: async (t: Bench) => {
      const user = await t.user();
      for (const [role, token] of [
        ["user", await user.token()],
        ["admin", await t.admin.token()],
      ] as const) {
        const info = await user.client({ token }).getServerInfo({});
        t.equal(
          info.profile?.name,
          t.profile.name,
          `Name of the profile in GetServerInfo with a token of the role ${role}`,
        );
      }
    },
  },
  {
    id: "info-complete/names-and-limits",
    title: "Server info gives the version of the specification, a profile with a name, and every limit above zero",
    run: async (t: Bench) => {
      const { info, profile } = t;
      t.ok(/^1\.\d+$/.test(info.specVersion), "spec_version is one of version 1", info.specVersion);
      t.ok(profile.name !== "", "The profile has a name");
      limitsGiven(t, profile);
      oneBatchFits(t, profile);
      ttlRangesGiven(t, profile);
      lasting(t, info.keepAliveInterval, "keep_alive_interval");
      t.ok(msOf(info.serverTime) > 0, "server_time is set", info.serverTime);
      t.ok((profile.status?.selfView ?? SelfView.UNSPECIFIED) !== SelfView.UNSPECIFIED, "status.self_view is given");
    },
  },
  {
    id: "info-complete/liveness",
    title:
      "Each liveness rule has heartbeat interval, lease and after_loss; the last one, and only it, names no platform",
    run: async (t: Bench) => {
      const rules = t.info.profile?.liveness ?? [];
      t.ok(rules.length > 0, "There is a liveness rule");
      for (const [index, rule] of rules.entries()) {
        const what = `liveness[${index}]`;
        lasting(t, rule.heartbeatInterval, `${what}.heartbeat_interval`);
        lasting(t, rule.lease, `${what}.lease`);
        const { afterLoss } = rule;
        const told = afterLoss === OnlineStatus.OFFLINE || afterLoss === OnlineStatus.LOGGED_OUT;
        t.ok(told, `${what}.after_loss is OFFLINE or LOGGED_OUT`, onlineName(afterLoss));
        if (afterLoss === OnlineStatus.OFFLINE) lasting(t, rule.decay, `${what}.decay, where after_loss is OFFLINE,`);
        t.equal(rule.platforms.length === 0, index === rules.length - 1, `${what} names no platform`);
      }
    },
  },
  {
    id: "info-complete/with-token",
    title: "With a user's token server info gives the same profile, complete too",
    run: async (t: Bench) => {
      const info = await (await t.user()).client().getServerInfo({});
      t.equal(info.profile?.name, t.profile.name, "Name of the profile, asked with a token");
      if (info.profile) limitsGiven(t, info.profile);
      t.equal(info.profile?.liveness.length, t.profile.liveness.length, "Number of liveness rules, asked with a token");
      lasting(t, info.keepAliveInterval, "keep_alive_interval, asked with a token,");
    },
  },
  {
    id: "info-claims/profile",
    title: "The claims contain those of the profile, and test_clock if and only if there is a clock scope",
    run: async (t: Bench) => {
      const { info, profile } = t;
      t.ok(info.claims.length > 0, "There are claims, of a wire protocol at least");
      for (const claim of profile.claims)
        t.ok(info.claims.includes(claim), `The claim ${claim} of the profile is made`, info.claims);
      const scoped = info.testClockScope !== ClockScope.UNSPECIFIED;
      t.equal(info.claims.includes("test_clock"), scoped, "The claim test_clock, as test_clock_scope says");
    },
  },
  {
    id: "info-values/documented",
    title: "A profile with a vendor's name has each value that the vendor documents",
    applies: ({ name }) => {
      const vendors = publishedProfile(name)?.vendorNumbers !== undefined;
      return vendors || `the profile ${name} is not that of a vendor`;
    },
    run: async (t: Bench) => {
      const published = publishedProfile(t.profile.name);
      t.ok(published !== undefined, "The profile is a published one");
      const [got, expected] = [jsonOf(t.profile), jsonOf(published)];
      const documented = Object.entries(published.provenance).filter(
        ([, { mark }]) => mark === ProvenanceMark.DOCUMENTED,
      );
      t.ok(documented.length > 0, "Some values of the profile are documented");
      for (const [path, { document, clause }] of documented) {
        const form = (root: Json): Json =>
          inOneForm(valueAt(root, path), path.startsWith("liveness"), t.time.tier !== "scaled");
        t.equal(form(got), form(expected), `${path} (${document}, "${clause}")`);
      }
    },
  },
];
