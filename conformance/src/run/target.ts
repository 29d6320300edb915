// Finds the server and the tools of a run: what answers, in which ways, with which claims, by which clock.
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import {
  ClockScope,
  type GetServerInfoResponse,
  GetServerInfoResponseSchema,
  type Profile,
  profileNames,
  publishedProfile,
} from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { type GetClockResponse, TestingService } from "@userstatus/protocol/testing";
import { describeError } from "../bench/refusal.ts";
import type { Time } from "../check.ts";
import type { TokenSource } from "../identity/tokens.ts";
import { createTranscript } from "../transcript/transcript.ts";
import { createCaller } from "../wire/caller.ts";
import { type Connection, openConnection } from "../wire/connection.ts";
import { allKinds, claimedKinds, judgedKinds, type TransportKind } from "../wire/kinds.ts";
import { isRefusal, type Probe, probeAll } from "../wire/probe.ts";
import { type SuiteOptions, TargetUnreachable, UsageError } from "./options.ts";

export interface FoundServer {
  /** As it came; where the server refused to give it, a stand-in. */
  readonly info: GetServerInfoResponse;
  readonly infoRefused: string | undefined;
  readonly profile: Profile;
  /** Why profile, or all of it, is a stand-in, if so. */
  readonly standInReason: string | undefined;
  readonly probes: readonly Probe[];
  /** To sample from. */
  readonly kinds: readonly TransportKind[];
  /** For checks over every transport. */
  readonly judged: readonly TransportKind[];
}

/** Asks for server info in every way. Throws TargetUnreachable if nothing answers. */
export async function findServer(
  options: Pick<SuiteOptions, "url" | "transports" | "profile">,
  patienceMs: number,
): Promise<FoundServer> {
  const probes = await probeAll(options.url, allKinds, patienceMs);
  const answered = probes.filter(({ result }) => result === "answered");
  const heard = answered.length > 0 ? answered : probes.filter(({ result }) => result === "refused");
  if (heard.length === 0) {
    throw new TargetUnreachable(
      `no server of the User Status Protocol answers at ${options.url}: ${probes[0]?.reason ?? "no answer"}`,
    );
  }
  const assumed = assumedProfile(options.profile);
  const came = answered[0]?.info;
  const info =
    came ?? create(GetServerInfoResponseSchema, { specVersion: "1.0", claims: assumed.claims, profile: assumed });
  const infoRefused = came === undefined ? `GetServerInfo was refused (${heard[0]?.reason})` : undefined;
  const claimed = claimedKinds(new Set(info.claims));
  const served = heard.map(({ kind }) => kind).filter((kind) => claimed.length === 0 || claimed.includes(kind));
  const judged = pickKinds(judgedKinds(claimed, served), options.transports);
  const kinds = pickKinds(served, options.transports);
  const first = heard[0]?.kind;
  if (first === undefined) throw new TargetUnreachable(`nothing answers at ${options.url}`);
  return {
    info,
    profile: info.profile ?? assumed,
    infoRefused,
    standInReason: infoRefused ?? (info.profile === undefined ? "GetServerInfo gave no profile" : undefined),
    probes,
    kinds: kinds.length > 0 ? kinds : [first],
    judged: judged.length > 0 ? judged : kinds.length > 0 ? kinds : [first],
  };
}

/** What is assumed of a server that does not say what it is, so that the rest of it can be judged all the same. */
function assumedProfile(name: string = "standard"): Profile {
  const profile = publishedProfile(name);
  if (profile === undefined) throw new UsageError(`--profile ${name}: must be one of ${profileNames.join(", ")}`);
  return profile;
}

function pickKinds(kinds: readonly TransportKind[], names: readonly string[] | undefined): TransportKind[] {
  if (names === undefined) return [...kinds];
  const unknown = names.find((name) => !allKinds.some((kind) => kind.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`--transport ${unknown}: must be one of ${allKinds.map(({ name }) => name).join(", ")}`);
  }
  return kinds.filter(({ name }) => names.includes(name));
}

export interface FoundTools {
  readonly admin: Connection | undefined;
  readonly testing: Connection | undefined;
  /** The test clock as it was found; undefined: none that answers. */
  readonly clock: GetClockResponse | undefined;
  /** What the reader should know, in words. */
  readonly notices: readonly string[];
}

export interface ToolSearch {
  readonly options: Pick<SuiteOptions, "adminUrl" | "testingUrl">;
  readonly tokens: TokenSource;
  /** An app to ask for. */
  readonly app: string;
  readonly kinds: readonly TransportKind[];
  readonly patienceMs: number;
}

/** Opens the admin and testing services. Throws TargetUnreachable for an address that was given and does not answer. */
export async function findTools(search: ToolSearch): Promise<FoundTools> {
  const { options, tokens, app, patienceMs } = search;
  const notices: string[] = [];
  const callerOptions = {
    who: "admin",
    token: () => tokens.token({ app, user: "", role: "admin" }),
    transcript: createTranscript({ entriesMax: 4 }),
    patienceMs,
    over: new AbortController().signal,
  };
  const ask = async <T>(
    what: string,
    url: string,
    call: (connection: Connection) => Promise<T>,
  ): Promise<[Connection, T | undefined]> => {
    const found = await firstThatAnswers(url, search.kinds, call);
    if (found.connection === undefined)
      throw new TargetUnreachable(`the ${what} service does not answer at ${url}: ${describeError(found.error)}`);
    if (found.error !== undefined)
      notices.push(`the ${what} service refused a first call: ${describeError(found.error)}`);
    return [found.connection, found.answer];
  };
  let admin: Connection | undefined;
  if (options.adminUrl !== undefined) {
    [admin] = await ask("admin", options.adminUrl, (connection) =>
      createClient(AdminService, createCaller(connection.transport, callerOptions)).getFeatures({}),
    );
  }
  if (options.testingUrl === undefined) return { admin, testing: undefined, clock: undefined, notices };
  const [testing, clock] = await ask("testing", options.testingUrl, (connection) =>
    createClient(TestingService, createCaller(connection.transport, callerOptions)).getClock({}),
  );
  return { admin, testing, clock, notices };
}

interface Asked<T> {
  readonly connection: Connection | undefined;
  readonly answer?: T;
  readonly error?: unknown;
}

async function firstThatAnswers<T>(
  url: string,
  kinds: readonly TransportKind[],
  call: (connection: Connection) => Promise<T>,
): Promise<Asked<T>> {
  let failed: unknown;
  for (const kind of kinds.filter(({ get }) => !get)) {
    const connection = openConnection(kind, url);
    try {
      return { connection, answer: await call(connection) };
    } catch (error) {
      if (isRefusal(error)) return { connection, error };
      failed = error;
      connection.close();
    }
  }
  return { connection: undefined, error: failed };
}

export interface TierChoice {
  readonly asked: SuiteOptions["tier"];
  readonly claims: ReadonlySet<string>;
  /** The test clock, if one answers. */
  readonly clock: GetClockResponse | undefined;
  /** Users come from a file, and are used again. */
  readonly usersFile: boolean;
}

/** Virtual where there is a clock that answers and nothing else was asked for. */
export function chooseTier({ asked, claims, clock, usersFile }: TierChoice): { tier: Time["tier"]; reason: string } {
  const lacking = whyNotVirtual({ claims, clock, usersFile });
  if (asked === "virtual" && lacking !== undefined) throw new UsageError(`--tier virtual: ${lacking}`);
  if (asked !== undefined) return { tier: asked, reason: "as asked for" };
  return lacking === undefined
    ? { tier: "virtual", reason: "there is a test clock" }
    : { tier: "real", reason: lacking };
}

function whyNotVirtual({ claims, clock, usersFile }: Omit<TierChoice, "asked">): string | undefined {
  if (!claims.has("test_clock")) return "the server does not claim test_clock";
  if (clock === undefined) return "no test clock answers (--testing-url)";
  // While time stands still, no rate that an earlier check has used up becomes free again.
  return usersFile ? "the users of --users are used again and again, and need time to pass in between" : undefined;
}

/** One clock moves everything: the server's. */
export function isServerClock(info: GetServerInfoResponse): boolean {
  return info.testClockScope === ClockScope.SERVER;
}
