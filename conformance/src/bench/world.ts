// What the parts of one bench share: the run, the check, its app, its connection, its transcript. Never seen by checks.
import type { Message } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { type GetServerInfoResponse, type Profile, UserStatusService } from "@userstatus/protocol";
import type { Check, Random, TestSession, Time, Tool } from "../check.ts";
import { SuiteFault } from "../failure.ts";
import type { TokenSource } from "../identity/tokens.ts";
import type { UserSource } from "../identity/users.ts";
import { type Observer, observeAnswer, observeMessage, type Sighting } from "../invariants/observer.ts";
import type { BenchTime, Living } from "../time/bench-time.ts";
import type { Pace } from "../time/pace.ts";
import type { Transcript } from "../transcript/transcript.ts";
import { withBareType } from "../wire/bare-type.ts";
import { createCaller } from "../wire/caller.ts";
import type { Connection } from "../wire/connection.ts";
import type { TransportKind } from "../wire/kinds.ts";
import type { SpentTokens } from "../wire/spent-tokens.ts";

/** What all checks of a run share. */
export interface RunContext {
  readonly url: string;
  readonly info: GetServerInfoResponse;
  /** Why `info` is a stand-in, if it is; checks must not take it for the server's. */
  readonly infoRefused: string | undefined;
  readonly profile: Profile;
  readonly claims: ReadonlySet<string>;
  readonly tier: Time["tier"];
  readonly tokens: TokenSource;
  readonly users: UserSource;
  /** One connection for all checks; undefined where the run has no such address. */
  readonly admin: Connection | undefined;
  readonly testing: Connection | undefined;
  /** The app that all checks share; undefined: each has its own. */
  readonly sharedApp: string | undefined;
  readonly observer: Observer;
  readonly pace: Pace;
  readonly newId: (prefix: string) => string;
  readonly seed: string;
  readonly patienceMs: number;
}

/** What one run of one check has. */
export interface World {
  readonly run: RunContext;
  readonly check: Check;
  readonly kind: TransportKind;
  readonly app: string;
  readonly random: Random;
  readonly transcript: Transcript;
  readonly connection: Connection;
  readonly sighting: Sighting;
  readonly spentTokens: SpentTokens;
  /** Aborted when the check is over. */
  readonly over: AbortSignal;
  readonly time: BenchTime;
  /** Sessions that were logged in, for the tiers of time. */
  readonly sessions: Map<TestSession, Living>;
  /** Called when the check is over, newest first; what it answers is waited for. */
  readonly onClose: (work: () => void | Promise<void>) => void;
}

/** A client of the user service that acts as this user. */
export function userClient(
  world: World,
  who: string,
  token: string | null | (() => Promise<string>),
  via: { readonly connection?: Connection; readonly streamsWait?: boolean; readonly bareType?: boolean } = {},
): Client<typeof UserStatusService> {
  const { run, transcript, over, sighting } = world;
  const { transport } = via.connection ?? world.connection;
  const caller = createCaller(via.bareType === true ? withBareType(transport) : transport, {
    who,
    token,
    transcript,
    patienceMs: run.patienceMs,
    over,
    streamsWait: via.streamsWait ?? false,
    refused: world.spentTokens.refused,
    received: (...seen) => observeMessage(run.observer, sighting, ...seen),
    observe: (method: string, answer: Message) => observeAnswer(run.observer, sighting, who, method, answer),
  });
  return createClient(UserStatusService, caller);
}

/** Asking for a tool that was not declared is a fault of the check: planning could not see it. */
export function needTool(check: Check, tool: Tool): void {
  if (check.tools?.includes(tool) !== true)
    throw new SuiteFault(`the check ${check.id} uses the tool "${tool}" and does not declare it`);
}
