// Tables of SPEC.md that are made from data: Appendix C from proto/profiles, Appendix D from the error reasons and the vendors' numbers.
// Works on the JSON as it stands, so that it does not depend on code that `npm run generate` is about to replace.
import { type ReasonName, reasonCodes } from "../protocol/src/errors.ts";
import { Platform } from "../protocol/src/gen/userstatus/v1/status_pb.ts";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type ProfileJson = { [key: string]: Json };
/** By name. */
export type ProfilesJson = Readonly<Record<string, ProfileJson>>;

/** Ours first, then the vendors', as everywhere. */
const order = ["standard", "zim", "tencent-native", "tencent-unity", "tencent-web", "tencent-web-v2"];

/** SPEC.md with the tables between its markers as the data makes them. Throws where a marker is missing. */
export function withTables(spec: string, profiles: ProfilesJson): string {
  return fill(fill(spec, "profiles", profileTable(profiles)), "errors", errorTable(profiles));
}

function fill(text: string, name: string, table: string): string {
  const [start, end] = [`<!-- ${name}:start -->\n`, `\n<!-- ${name}:end -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`SPEC.md: expected ${start.trim()} before ${end.trim()}`);
  return `${text.slice(0, from + start.length)}\n${table}${text.slice(to)}`;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

function ordered(profiles: ProfilesJson): [string, ProfileJson][] {
  const others = Object.keys(profiles).filter((name) => !order.includes(name));
  return [...order, ...others].flatMap((name) => {
    const profile = profiles[name];
    return profile === undefined ? [] : [[name, profile]];
  });
}

// Appendix C

type Cell = (profile: ProfileJson) => string;

/** One row for each value, one column for each profile, each cell with its mark. */
export function profileTable(profiles: ProfilesJson): string {
  const columns = ordered(profiles);
  const rows = tableRows(columns.map(([, profile]) => profile)).map(({ path, cell }) => [
    `\`${path}\``,
    ...columns.map(([, profile]) => withMark(cell(profile), profile, path)),
  ]);
  const claims = ["claims", ...columns.map(([, profile]) => list(profile.claims).map(String).join(", "))];
  return markdownTable(["value", ...columns.map(([name]) => `\`${name}\``)], [claims, ...rows]);
}

interface Row {
  readonly path: string;
  readonly cell: Cell;
}

function tableRows(profiles: readonly ProfileJson[]): Row[] {
  const keys = new Set(profiles.flatMap((profile) => Object.keys(object(profile.provenance))));
  const plain = [...keys].filter((key) => /^\w+\.\w+$/.test(key) && !key.startsWith("vendor_numbers."));
  const procedures = unique(profiles.flatMap((p) => list(p.rateLimits).map((rate) => String(object(rate).procedure))));
  const gates = unique(profiles.flatMap((p) => list(p.gates).map((gate) => String(object(gate).gate))));
  return [
    ...plain.map((path) => ({ path, cell: (profile: ProfileJson) => valueText(atPath(profile, path)) })),
    ...livenessRows(profiles),
    { path: "session_policy", cell: (profile) => valueText(profile.sessionPolicy) },
    { path: "session_rules", cell: (profile) => list(profile.sessionRules).map(sessionRuleText).join("; ") },
    ...procedures.map((name) => ({ path: `rate_limits[${name}]`, cell: rateText(name) })),
    ...gates.map((gate) => ({ path: `gates[${gate.replace("GATE_", "")}]`, cell: gateText(gate) })),
    ...["online", "offline", "loggedOut", "unknown"].map((name) => ({
      path: `vendor_numbers.${snake(name)}`,
      cell: (profile: ProfileJson) =>
        profile.vendorNumbers === undefined ? "" : valueText(object(profile.vendorNumbers)[name]),
    })),
  ];
}

/** One set of rows for each platform that some profile has a rule for, and one for all the rest. */
function livenessRows(profiles: readonly ProfileJson[]): Row[] {
  const rules = profiles.flatMap((profile) => list(profile.liveness).map(object));
  const named = unique(rules.flatMap((rule) => list(rule.platforms).map(String)));
  const fields = ["heartbeatInterval", "lease", "grace", "afterLoss", "decay"];
  return [...named, undefined].flatMap((platform) =>
    fields.map((field) => ({
      path: `liveness[${platform === undefined ? "others" : bare(platform)}].${snake(field)}`,
      cell: (profile: ProfileJson) => valueText(ruleFor(profile, platform)[field]),
    })),
  );
}

/** The first rule that names the platform, else the one that names none. */
function ruleFor(profile: ProfileJson, platform: string | undefined): ProfileJson {
  const rules = list(profile.liveness).map(object);
  const naming = rules.find((rule) => platform !== undefined && list(rule.platforms).includes(platform));
  return naming ?? rules.find((rule) => list(rule.platforms).length === 0) ?? {};
}

function sessionRuleText(json: Json): string {
  const rule = object(json);
  const platforms = list(rule.platforms).map((platform) => bare(String(platform)));
  if (platforms.length === 0)
    return rule.perPlatform === true ? `${rule.maxSessions} on each platform` : `${rule.maxSessions} in all`;
  const rest = Object.keys(Platform).filter((name) => name !== "UNSPECIFIED" && !platforms.includes(name));
  const which = rest.length < platforms.length ? `all but ${rest.join(" and ")}` : platforms.join(" and ");
  return `${which}: ${rule.maxSessions}${rule.perPlatform === true ? " on each" : ""}`;
}

function rateText(procedure: string): Cell {
  return (profile) => {
    const rate = list(profile.rateLimits)
      .map(object)
      .find((each) => each.procedure === procedure);
    if (rate === undefined) return "no limit";
    return `${rate.maxCalls} in ${valueText(rate.window)}${rate.selfExempt === true ? ", oneself free" : ""}`;
  };
}

function gateText(gate: string): Cell {
  return (profile) => {
    const rules = list(profile.gates)
      .map(object)
      .filter((rule) => rule.gate === gate);
    const names = rules.flatMap((rule) =>
      list(rule.procedures).map((name) => (rule.selfExempt === true ? `${name} (of others)` : String(name))),
    );
    return names.length === 0 ? "none" : names.join(", ");
  };
}

// Marks

/** `liveness[WEB].lease` counts under itself, else as `liveness.lease` of every rule, else under the nearest path above with an entry. */
export function provenanceOf(profile: ProfileJson, path: string): ProfileJson | undefined {
  const entries = object(profile.provenance);
  const candidates = [path, path.replace(/\[[^\]]*\]/g, "")];
  for (let at = path; at !== ""; at = at.replace(/(\[[^\]]*\]|\.\w+|^\w+)$/, "")) candidates.push(at);
  const found = candidates.find((candidate) => entries[candidate] !== undefined);
  return found === undefined ? undefined : object(entries[found]);
}

function withMark(text: string, profile: ProfileJson, path: string): string {
  const mark = String(provenanceOf(profile, path)?.mark ?? "").replace("PROVENANCE_MARK_", "");
  return text === "" && mark === "" ? "" : `${text || "–"} ${mark.slice(0, 1)}`.trim();
}

// Values

function atPath(profile: ProfileJson, path: string): Json | undefined {
  let at: Json | undefined = profile;
  for (const name of path.split(".")) at = object(at)[camel(name)];
  return at;
}

function valueText(value: Json | undefined): string {
  if (value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "string") return String(value);
  const seconds = /^([\d.]+)s$/.exec(value)?.[1];
  return seconds === undefined ? bare(value) : durationText(Number(seconds));
}

function durationText(seconds: number): string {
  if (seconds >= 86_400 && seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  return `${seconds.toLocaleString("en-US")} s`;
}

/** An enum value without the name of its enum. */
function bare(value: string): string {
  return value.replace(/^(PLATFORM|ONLINE_STATUS|SELF_VIEW|GATE)_/, "");
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function object(json: Json | undefined): ProfileJson {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}

function list(json: Json | undefined): Json[] {
  return Array.isArray(json) ? json : [];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

// Appendix D

const connectCodes: Readonly<Record<number, string>> = {
  3: "INVALID_ARGUMENT",
  5: "NOT_FOUND",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  9: "FAILED_PRECONDITION",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  16: "UNAUTHENTICATED",
};

/** What a client can do, where it is not that the request is wrong. */
const advice: Readonly<Partial<Record<ReasonName, string>>> = {
  MALFORMED_CURSOR: "Watch without a cursor",
  MALFORMED_PAGE_TOKEN: "list from the first page",
  TOKEN_MISSING: "with a token",
  TOKEN_INVALID: "with another token",
  TOKEN_EXPIRED: "with a newer token",
  PLAN_REQUIRED: "no; the app's operator decides",
  FEATURE_DISABLED: "no; the app's operator decides",
  SESSION_NOT_FOUND: "after Login",
  SESSION_LOST: "after Heartbeat, Watch or Login",
  SESSION_ENDED: "by `end_reason`: after Login, or not at all (KICKED, ADMIN, USER_DELETED)",
  NO_OPEN_WATCH: "once the Watch is open",
  RATE_LIMITED: "after the delay of RetryInfo",
  TOO_MANY_MARKERS: "after the delay of RetryInfo",
  DRAINING: "after the delay of RetryInfo",
  STORE_UNAVAILABLE: "after the delay of RetryInfo",
  USER_NOT_FOUND: "once the user is registered",
  INTERNAL: "reads: yes, with growing delays",
};

/** Reasons that stand beside one user of a batch, and their code where they end a whole call. */
const inBatches: ReadonlySet<ReasonName> = new Set<ReasonName>(["USER_NOT_FOUND", "SELF_NOT_ALLOWED", "NOT_PERMITTED"]);

/** Reason, Connect code, numbers of the vendors, and whether another try makes sense. */
export function errorTable(profiles: ProfilesJson): string {
  const columns = vendorColumns(profiles);
  const rows = (Object.keys(reasonCodes) as ReasonName[]).map((reason) => {
    const code = connectCodes[reasonCodes[reason]];
    if (code === undefined) throw new Error(`no name for the Connect code ${reasonCodes[reason]} of ${reason}`);
    return [
      `\`${reason}\``,
      inBatches.has(reason) ? `in a batch; else ${code}` : code,
      ...columns.map(({ codes }) => valueText(codes[reason])),
      advice[reason] ?? "no",
    ];
  });
  return markdownTable(["reason", "code", ...columns.map(({ names }) => names.join(", ")), "try again?"], rows);
}

/** Profiles with the same numbers share a column. */
function vendorColumns(profiles: ProfilesJson): { names: string[]; codes: ProfileJson }[] {
  const columns = new Map<string, { names: string[]; codes: ProfileJson }>();
  for (const [name, profile] of ordered(profiles)) {
    const codes = object(object(profile.vendorNumbers).codes);
    if (Object.keys(codes).length === 0) continue;
    const key = JSON.stringify(Object.entries(codes).sort());
    const column = columns.get(key) ?? { names: [], codes };
    column.names.push(`\`${name}\``);
    columns.set(key, column);
  }
  return [...columns.values()];
}
