// The profile in force: a published one or the operator's, with his session policy, changes and scale.
import { create, type DescMessage, fromJson, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import {
  type Profile,
  ProfileSchema,
  ProvenanceMark,
  ProvenanceSchema,
  publishedProfile,
  SessionRuleSchema,
} from "@userstatus/protocol";
import { ConfigError, expected } from "./config-error.ts";
import { readPath, setByPath } from "./profile-path.ts";
import { checkProfile } from "./profile-rules.ts";

export type SessionPolicy = "single" | "per-platform" | "many";

export interface ProfileChoice {
  /** A published profile by name, or the text of a file with its name. */
  readonly base: { readonly name: string } | { readonly json: string; readonly file: string };
  readonly sessionPolicy?: SessionPolicy | undefined;
  /** `PATH=VALUE` each, in order. */
  readonly sets: readonly string[];
  /** Multiplies every duration; at least 1 ms is left of each that is not zero. */
  readonly durationScale: number;
}

/** Throws a ConfigError. */
export function buildProfile({ base, sessionPolicy, sets, durationScale }: ProfileChoice): Profile {
  let profile = "name" in base ? publishedProfile(base.name) : readProfile(base.json, base.file);
  if (profile === undefined)
    throw expected("profile", "a published one", JSON.stringify("name" in base ? base.name : ""));
  if (sessionPolicy !== undefined) applySessionPolicy(profile, sessionPolicy);
  if (sets.length > 0) profile = applySets(profile, sets);
  if (durationScale !== 1) scaleDurations(ProfileSchema, profile, durationScale);
  checkProfile(profile);
  return profile;
}

function readProfile(json: string, file: string): Profile {
  try {
    return fromJson(ProfileSchema, JSON.parse(json) as JsonValue);
  } catch (cause) {
    throw expected(file, "a profile in ProtoJSON", firstLine(cause));
  }
}

function applySessionPolicy(profile: Profile, policy: SessionPolicy): void {
  if (profile.sessionPolicy === policy) return;
  const rules = {
    single: { maxSessions: 1 },
    "per-platform": { maxSessions: 1, perPlatform: true },
    many: { maxSessions: 10 },
  };
  profile.sessionPolicy = policy;
  profile.sessionRules = [create(SessionRuleSchema, rules[policy])];
  markChanged(profile, "session_policy", "--session-policy");
  markChanged(profile, "session_rules", "--session-policy");
  reconcileClaims(profile);
}

function applySets(profile: Profile, sets: readonly string[]): Profile {
  const json = toJson(ProfileSchema, profile, { useProtoFieldName: true }) as JsonObject;
  for (const set of sets) {
    const equals = set.indexOf("=");
    if (equals < 1) throw expected("--set", "PATH=VALUE", JSON.stringify(set));
    setByPath(json, ProfileSchema, set.slice(0, equals).trim(), set.slice(equals + 1).trim());
  }
  const changed = parseChanged(json);
  for (const set of sets) markChanged(changed, provenanceKey(set.slice(0, set.indexOf("=")).trim(), changed), "--set");
  reconcileClaims(changed);
  return changed;
}

function parseChanged(json: JsonObject): Profile {
  try {
    return fromJson(ProfileSchema, json);
  } catch (cause) {
    throw new ConfigError(`--set makes the profile unreadable: ${firstLine(cause)}`);
  }
}

/** Whoever reads the profile sees that this value is no longer the document's. */
function markChanged(profile: Profile, key: string, how: string): void {
  const mark = ProvenanceMark.ASSUMED;
  profile.provenance[key] = create(ProvenanceSchema, { mark, document: "the operator", clause: how });
}

/** `liveness[0].lease` counts under `liveness`, `custom_status.max_bytes` under itself. */
function provenanceKey(path: string, profile: Profile): string {
  const steps = readPath(path);
  const firstKey = steps.findIndex((step) => step.kind === "key");
  const names = steps.slice(0, firstKey < 0 ? steps.length : firstKey).map((step) => step.text);
  for (let length = names.length; length > 0; length--) {
    const key = names.slice(0, length).join(".");
    if (profile.provenance[key] !== undefined) return key;
  }
  return names.slice(0, 2).join(".");
}

/** Claims that follow from values; the others are the profile's own. */
function reconcileClaims(profile: Profile): void {
  const manySessions = profile.sessionRules.length !== 1 || profile.sessionRules.some(allowsMany);
  const follows: Readonly<Record<string, boolean>> = {
    custom_status_ttl: profile.customStatus?.callerTtl === true,
    subscription_ttl: profile.subscription?.callerTtl === true,
    multi_session: manySessions,
    vendor_codes: Object.keys(profile.vendorNumbers?.codes ?? {}).length > 0,
  };
  for (const [claim, holds] of Object.entries(follows)) {
    profile.claims = profile.claims.filter((each) => each !== claim);
    if (holds) profile.claims.push(claim);
  }
}

function allowsMany(rule: { platforms: readonly number[]; maxSessions: number; perPlatform: boolean }): boolean {
  // One rule for some platforms only leaves the others without a limit.
  return rule.maxSessions > 1 || rule.perPlatform || rule.platforms.length > 0;
}

function scaleDurations(desc: DescMessage, message: object, scale: number): void {
  for (const field of desc.fields) {
    const value = (message as Record<string, unknown>)[field.localName];
    if (field.message === undefined || value === undefined || field.fieldKind === "map") continue;
    for (const inner of Array.isArray(value) ? value : [value]) {
      if (field.message.typeName !== "google.protobuf.Duration") scaleDurations(field.message, inner as object, scale);
      else scaleDuration(inner as Duration, scale);
    }
  }
}

function scaleDuration(duration: Duration, scale: number): void {
  const ms = durationMs(duration);
  if (ms === 0) return;
  const scaled = durationFromMs(Math.max(1, Math.round(ms * scale)));
  duration.seconds = scaled.seconds;
  duration.nanos = scaled.nanos;
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0] ?? "";
}
