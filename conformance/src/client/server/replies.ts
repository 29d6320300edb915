// What the scripted server answers where a check says nothing else, and how refusals are made.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import {
  errorDomain,
  ProfileSchema,
  publishedProfile,
  type ReasonName,
  reasonCodes,
  type SelfStatusSchema,
  type SubscribeResultSchema,
  type UserStatusSchema,
} from "@userstatus/protocol";
import { ErrorInfoSchema, RetryInfoSchema } from "@userstatus/protocol/rpc";
import { durationOf } from "../../units.ts";
import type { Arrival, MethodName } from "./arrivals.ts";
import type { Book } from "./book.ts";
import { tomorrowMessage } from "./tomorrow.ts";

/** What the server of a check advertises. */
export interface ServerSettings {
  /** Longest silence of a Watch. Default 15 s: no matter in a check. */
  readonly keepAliveMs: number;
  /** Default 30 s, likewise. */
  readonly heartbeatMs: number;
  readonly subscribeBatchMax: number;
  readonly unsubscribeBatchMax: number;
  readonly queryBatchMax: number;
  /** How far the server's clock is off. */
  readonly clockOffsetMs: number;
  readonly specVersion: string;
  /** Claims beside the usual ones. */
  readonly moreClaims: readonly string[];
  /** Whether it takes compressed requests, and says so. */
  readonly compression: boolean;
}

export const defaultSettings: ServerSettings = {
  keepAliveMs: 15_000,
  heartbeatMs: 30_000,
  subscribeBatchMax: 100,
  unsubscribeBatchMax: 100,
  queryBatchMax: 100,
  clockOffsetMs: 0,
  specVersion: "1.0",
  moreClaims: [],
  compression: true,
};

/** Answers a call; throws to refuse it. What it gives are fields as `create` takes them. */
export type Reply = (arrival: Arrival) => object | Promise<object>;

export type Replies = Readonly<Partial<Record<Exclude<MethodName, "watch">, Reply>>>;

/** A refusal as servers make them. */
export function refusal(
  reason: ReasonName,
  metadata: Record<string, string> = {},
  retryAfterMs?: number,
): ConnectError {
  return refusalWith(reasonCodes[reason] as Code, reason, metadata, retryAfterMs);
}

/** The same, with a reason of any version. */
export function refusalWith(
  code: Code,
  reason: string,
  metadata: Record<string, string> = {},
  retryAfterMs?: number,
): ConnectError {
  const error = new ConnectError(`refused: ${reason}`, code);
  error.details.push({ desc: ErrorInfoSchema, value: { reason, domain: errorDomain, metadata } });
  if (retryAfterMs !== undefined)
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay: durationOf(retryAfterMs) } });
  return error;
}

export type StatusInit = MessageInitShape<typeof UserStatusSchema>;
export type SelfInit = MessageInitShape<typeof SelfStatusSchema>;

/** A status as checks write it. */
export function statusOf(userId: string, revision: number | bigint, text = "", online = 1): StatusInit {
  return {
    userId,
    revision: BigInt(revision),
    onlineStatus: online,
    ...(text === "" ? {} : { customStatus: { text } }),
  } as StatusInit;
}

/** One's own status. */
export function selfOf(userId: string, revision: number, text = ""): SelfInit {
  return { status: statusOf(userId, revision, text), sessions: [] };
}

/** A row with a status, as Subscribe answers it. */
export function subscribedResult(
  userId: string,
  generation: number,
  status: StatusInit,
): MessageInitShape<typeof SubscribeResultSchema> {
  const value = { subscription: { userId, generation: BigInt(generation) }, status };
  return { userId, result: { case: "subscribed", value } };
}

export function idsOf(arrival: Arrival): readonly string[] {
  const { userIds, target } = arrival.request as { userIds?: string[]; target?: { value?: { userIds?: string[] } } };
  return userIds ?? target?.value?.userIds ?? [];
}

/** The profile `standard` with the limits of the check, as a message of tomorrow's schema. */
function profileOf(settings: ServerSettings): object {
  const profile = publishedProfile("standard");
  if (profile === undefined) throw new RangeError("no profile standard");
  const json = toJson(ProfileSchema, profile) as {
    [name: string]: JsonValue | undefined;
    subscription: Record<string, JsonValue>;
    query: Record<string, JsonValue>;
    liveness: Record<string, JsonValue>[];
  };
  json.subscription.subscribeBatchMax = settings.subscribeBatchMax;
  json.subscription.unsubscribeBatchMax = settings.unsubscribeBatchMax;
  json.query.batchMax = settings.queryBatchMax;
  json.rateLimits = [];
  json.liveness = [
    {
      heartbeatInterval: `${settings.heartbeatMs / 1000}s`,
      lease: `${(settings.heartbeatMs * 3) / 1000}s`,
      grace: "5s",
      afterLoss: "ONLINE_STATUS_OFFLINE",
      decay: "86400s",
    },
  ];
  return fromJson(tomorrowMessage("Profile"), json as JsonValue);
}

/** What the usual answers are made from. */
export interface UsualInput {
  readonly settings: ServerSettings;
  readonly user: string;
  readonly book: Book;
  /** Sends a marker on the open Watch; false where there is none. */
  readonly onMarker: (marker: string) => boolean;
}

/** The usual answers: they agree with what the Watches told. */
export function usualReplies({ settings, user, book, onMarker }: UsualInput): Required<Replies> {
  const lease = durationOf(settings.heartbeatMs * 3);
  const heartbeatInterval = durationOf(settings.heartbeatMs);
  const now = () => timestampFromMs(Date.now() + settings.clockOffsetMs);
  const profile = profileOf(settings);
  const claims = ["resume", "custom_status_ttl", "subscription_ttl", ...transportClaims, ...settings.moreClaims];
  const { specVersion } = settings;
  const keepAliveInterval = durationOf(settings.keepAliveMs);
  const serverName = "the conformance suite's scripted server";
  const status = (userId: string) => ({ userId, result: { case: "status", value: book.statusOf(userId) } });
  const subscribed = (id: string) => subscribedResult(id, book.generationOf(id), book.statusOf(id));
  return {
    getServerInfo: () => ({ specVersion, serverName, claims, profile, keepAliveInterval, serverTime: now() }),
    login: () => ({
      sessionId: firstSession,
      epoch: book.epoch(),
      self: book.self(),
      lease,
      heartbeatInterval,
      serverTime: now(),
    }),
    logout: () => ({ epoch: book.epoch(), self: { status: statusOf(user, 1_000_000, "", 3), sessions: [] } }),
    heartbeat: () => ({ lease, serverTime: now() }),
    setCustomStatus: (arrival) => ({ epoch: book.epoch(), self: selfOf(user, 500_000, textOf(arrival)) }),
    queryStatuses: (arrival) => ({ epoch: book.epoch(), results: idsOf(arrival).map(status) }),
    subscribe: (arrival) => ({ epoch: book.epoch(), results: idsOf(arrival).map(subscribed) }),
    unsubscribe: (arrival) => ({ endedUserIds: [...idsOf(arrival)] }),
    listSubscriptions: (arrival) => {
      const only = idsOf(arrival);
      const rows = book.rows().filter(({ userId }) => only.length === 0 || only.includes(userId));
      const subscriptions = rows.map(({ userId }) => subscribed(userId).result);
      return { epoch: book.epoch(), subscriptions: subscriptions.map((result) => result?.value) };
    },
    sync: ({ request }) => {
      if (!onMarker(String(request.marker ?? ""))) throw refusal("NO_OPEN_WATCH");
      return {};
    },
  };
}

const transportClaims = ["transport.connect", "transport.grpc", "transport.grpc_web", "codec.json"];

function textOf({ request }: Arrival): string {
  return (request as { customStatus?: { text?: string } }).customStatus?.text ?? "";
}

export const firstEpoch = "epoch-1";
export const firstSession = "session-1";
