// What walks stand on: the server, how it is reached, how its time passes, and who its users are. One lane is one set of connections.
import { type Client, createClient } from "@connectrpc/connect";
import { UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";
import type { TokenSource } from "../../identity/tokens.ts";
import { type SuiteOptions, UsageError } from "../../run/options.ts";
import { type Prepared, prepare } from "../../run/suite.ts";
import { isServerClock } from "../../run/target.ts";
import { type Connection, openConnection } from "../../wire/connection.ts";
import type { TransportKind } from "../../wire/kinds.ts";
import { type ModelRules, rulesOf } from "../model/rules.ts";

export interface Ground {
  readonly url: string;
  readonly kind: TransportKind;
  readonly rules: ModelRules;
  /** The clock is the suite's: it stands still, and walks move it. */
  readonly timed: boolean;
  readonly hasAdmin: boolean;
  readonly tokens: TokenSource;
  /** Undefined: each walk has an app of its own. */
  readonly sharedApp: string | undefined;
  /** Walks that may go on at once. */
  readonly lanesMax: number;
  readonly patienceMs: number;
  readonly serverName: string;
  readonly newId: (prefix: string) => string;
  /** What the reader should know of what this run can't see. */
  readonly notices: readonly string[];
  readonly openLane: () => Lane;
  readonly close: () => void;
}

export interface Lane {
  readonly user: Client<typeof UserStatusService>;
  readonly admin: Client<typeof AdminService> | undefined;
  readonly testing: Client<typeof TestingService> | undefined;
  /** A connection of its own, so that it can be cut. */
  readonly openConnection: () => Connection;
  readonly close: () => void;
}

/** Fast ones first; the rest as the server lists them. */
const preferred = ["connect-proto-h2", "grpc-h2", "connect-proto-h1"];

/** Throws UsageError and TargetUnreachable. */
export async function findGround(options: SuiteOptions): Promise<Ground> {
  if (options.users !== undefined)
    throw new UsageError("--users: walks need new users each time; give --admin-url, or tokens of the suite's own");
  if (options.provisionCommand !== undefined)
    throw new UsageError("--provision-command: too slow for walks; give --admin-url");
  const prepared = await prepare(options, []);
  const { run, server } = prepared;
  const kind = preferred.flatMap((name) => server.kinds.filter((found) => found.name === name))[0] ?? server.kinds[0];
  if (kind === undefined) throw new UsageError("the server answers over no transport that the suite knows");
  const timed = run.tier === "virtual" && run.testing !== undefined;
  const shared = run.sharedApp !== undefined || (timed && isServerClock(run.info));
  const rules = rulesOf(run.profile, run.claims);
  return {
    url: run.url,
    kind,
    rules,
    timed,
    hasAdmin: run.admin !== undefined,
    tokens: run.tokens,
    sharedApp: run.sharedApp,
    lanesMax: shared ? 1 : Number.POSITIVE_INFINITY,
    patienceMs: Math.max(run.patienceMs, 5000),
    serverName: `${run.info.serverName} ${run.info.serverVersion}`.trim(),
    newId: run.newId,
    notices: [...prepared.notices, ...blindSpots(prepared, timed)],
    openLane: () => openLane(options, prepared, kind),
    close: prepared.close,
  };
}

function blindSpots({ run }: Prepared, timed: boolean): string[] {
  const spots: string[] = [];
  if (!timed) {
    spots.push("no test clock: walks have no step that needs time to pass, and times, leases and links are not judged");
  }
  if (run.admin === undefined) {
    spots.push("no admin service: nobody is registered beforehand, deleted or befriended, and no switch is turned");
  } else if (run.sharedApp !== undefined) spots.push("one app for all walks: no switch is turned");
  if (run.profile.subscription !== undefined && run.profile.subscription.maxSubscriptions > crowdMax)
    spots.push(`the cap of ${run.profile.subscription.maxSubscriptions} rows is not reached`);
  return spots;
}

/** A cap above this is not tried. */
export const crowdMax = 500;

function openLane(options: SuiteOptions, prepared: Prepared, kind: TransportKind): Lane {
  const { run } = prepared;
  const connections: Connection[] = [];
  const open = (url: string): Connection => {
    const connection = openConnection(kind, url);
    connections.push(connection);
    return connection;
  };
  const { adminUrl, testingUrl } = options;
  return {
    user: createClient(UserStatusService, open(run.url).transport),
    admin: adminUrl === undefined ? undefined : createClient(AdminService, open(adminUrl).transport),
    testing: testingUrl === undefined ? undefined : createClient(TestingService, open(testingUrl).transport),
    openConnection: () => openConnection(kind, run.url),
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}
