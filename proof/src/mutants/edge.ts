// Defects of transport, tokens, ids and server info (SPEC §3, §4, §5).
import { RetryInfoSchema } from "@userstatus/protocol/rpc";
import type { EdgeHandler, EdgeRequest, EdgeResponse } from "@userstatus/server";
import { identityKey } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import {
  type Any,
  answers,
  methods,
  reasonOf,
  refusals,
  requests,
  statuses,
  unaryNames,
  withInfo,
  without,
} from "../seam-tools.ts";

function answer(response: EdgeResponse, status: number, body: string, type = "application/json"): void {
  const plain = response as Any;
  plain.statusCode = status;
  plain.setHeader("Content-Type", type);
  plain.end(body);
}

const handler =
  (stands: (request: EdgeRequest, response: EdgeResponse) => boolean) =>
  (next: EdgeHandler): EdgeHandler =>
  (request, response) => {
    if (!stands(request, response)) next(request, response);
  };

const typeOf = (request: EdgeRequest): string => String(request.headers["content-type"] ?? "");
const userCall = (request: EdgeRequest, method: string): boolean =>
  request.url?.startsWith(`/userstatus.v1.UserStatusService/${method}`) === true;

export const edgeMutants: readonly Mutant[] = [
  {
    id: "transport-claimed/no-grpc-web",
    defect: "gRPC-Web is claimed, and not served.",
    edge: {
      handler: handler((request, response) => {
        if (!typeOf(request).startsWith("application/grpc-web")) return false;
        answer(response, 415, "", "text/plain");
        return true;
      }),
    },
  },
  {
    id: "transport-json/refused",
    defect: "JSON is claimed, and not taken by ListSubscriptions.",
    edge: {
      handler: handler((request, response) => {
        if (!userCall(request, "ListSubscriptions") || typeOf(request) !== "application/json") return false;
        answer(response, 415, "", "text/plain");
        return true;
      }),
    },
  },
  {
    id: "transport-get/long-urls",
    defect: "A GET of more than 1,000 bytes is refused.",
    edge: {
      handler: handler((request, response) => {
        if (request.method !== "GET" || (request.url?.length ?? 0) <= 1000) return false;
        answer(response, 414, "", "text/plain");
        return true;
      }),
    },
  },
  {
    id: "transport-no-store/cacheable",
    defect: "Answers to GET may be cached.",
    edge: {
      handler: (next) => (request, response) => {
        const plain = response as Any;
        const setHeader = plain.setHeader.bind(plain);
        plain.setHeader = (name: string, value: unknown) =>
          name.toLowerCase() === "cache-control" ? plain : setHeader(name, value);
        next(request, response);
      },
    },
  },
  {
    id: "message-unknown-fields/refused",
    defect: "A request with a field that the server does not know is refused.",
    seams: () =>
      methods((service) =>
        Object.fromEntries(
          unaryNames.map((name) => [
            name,
            async (request: Any, context: Any) => {
              if (request.$unknown?.length > 0) throw new Error("unknown field");
              return service[name](request, context);
            },
          ]),
        ),
      ),
    edge: {
      handler: handler((request, response) => {
        // JSON keys that are not known are dropped before a method sees them: look at the bytes.
        if (typeOf(request) !== "application/json" || !request.headers["content-length"]) return false;
        const chunks: Buffer[] = [];
        const emit = request.emit.bind(request) as Any;
        (request as Any).emit = (name: string, ...rest: Any[]) => {
          if (name === "data") chunks.push(Buffer.from(rest[0]));
          if (/"(x|unknown|future|new|extra)[A-Za-z_]*"/.test(Buffer.concat(chunks).toString("latin1"))) {
            (request as Any).emit = emit;
            answer(response, 400, '{"code":"invalid_argument"}');
            return true;
          }
          return emit(name, ...rest);
        };
        return false;
      }),
    },
  },
  {
    id: "message-malformed/taken",
    defect: "Any content type is answered with an empty message.",
    edge: {
      handler: handler((request, response) => {
        if (request.method !== "POST" || /^application\/(grpc|connect|json|proto)/.test(typeOf(request))) return false;
        answer(response, 200, "{}");
        return true;
      }),
    },
  },
  {
    id: "message-size/too-small",
    defect: "A request of more than 64 KiB is refused.",
    edge: {
      handler: handler((request, response) => {
        if (Number(request.headers["content-length"] ?? 0) <= 64 * 1024) return false;
        answer(response, 413, "", "text/plain");
        return true;
      }),
    },
  },
  {
    id: "frame-size/padded",
    defect: "The first frame is blown up beyond 1 MiB.",
    seams: () => ({
      user: (service, _deps) => ({
        ...service,
        watch: async function* (request, context) {
          let first = true;
          for await (const frame of service.watch(request, context) as AsyncIterable<Any>) {
            if (first) frame.$unknown = [{ no: 1000, wireType: 2, data: bigField() }];
            first = false;
            yield frame;
          }
        },
      }),
    }),
  },
  {
    id: "auth-missing/anonymous",
    defect: "Who has no token is somebody all the same.",
    edge: {
      handler: handler((request) => {
        if (!request.headers.authorization) request.headers.authorization = "Bearer dev:anonymous:anonymous";
        return false;
      }),
    },
  },
  {
    id: "auth-invalid/taken",
    defect: "A token that can't be read makes its bearer anonymous.",
    edge: {
      authenticator: (plain) => ({
        authenticate: async (token, nowMs) => {
          const verdict = await plain.authenticate(token, nowMs);
          if (!("refused" in verdict) || verdict.refused.reason !== "TOKEN_INVALID") return verdict;
          return { identity: { appId: "anonymous", role: "user", userId: "anonymous", expiresAtMs: null } };
        },
      }),
    },
  },
  {
    id: "auth-expired/taken",
    defect: "Tokens are good for a week longer than they say.",
    edge: {
      authenticator: (plain) => ({ authenticate: (token, nowMs) => plain.authenticate(token, nowMs - 7 * 86_400_000) }),
    },
  },
  {
    id: "auth-expired/wrong-reason",
    defect: "A token that has run out is called invalid.",
    edge: {
      authenticator: (plain) => ({
        authenticate: async (token, nowMs) => {
          const verdict = await plain.authenticate(token, nowMs);
          return "refused" in verdict ? { refused: { ...verdict.refused, reason: "TOKEN_INVALID" as const } } : verdict;
        },
      }),
    },
  },
  {
    id: "auth-first/arguments-first",
    defect: "Arguments are looked at before the token.",
    edge: {
      handler: handler((request, response) => {
        if (request.headers.authorization || !/\/(Login|QueryStatuses|Subscribe)/.test(request.url ?? "")) return false;
        answer(response, 400, '{"code":"invalid_argument","message":"bad"}');
        return true;
      }),
    },
  },
  {
    id: "auth-foreign-session/taken",
    defect: "Heartbeat takes any session id.",
    seams: () =>
      refusals(["heartbeat"], (error) => {
        if (reasonOf(error) !== "SESSION_NOT_FOUND") throw error;
        return {};
      }),
  },
  {
    id: "auth-app-isolation/one-app",
    defect: "All apps share their users.",
    edge: {
      authenticator: (plain) => ({
        authenticate: async (token, nowMs) => {
          const verdict = await plain.authenticate(token, nowMs);
          return "refused" in verdict ? verdict : { identity: { ...verdict.identity, appId: "all" } };
        },
      }),
    },
  },
  {
    id: "auth-watch-expiry/ignored",
    defect: "A Watch outlives its token.",
    edge: {
      authenticator: (plain) => ({
        authenticate: async (token, nowMs) => {
          const verdict = await plain.authenticate(token, nowMs);
          return "refused" in verdict ? verdict : { identity: { ...verdict.identity, expiresAtMs: null } };
        },
      }),
    },
  },
  {
    id: "auth-renew/ignored",
    defect: "Heartbeat does not take a newer token over.",
    seams: () =>
      requests("heartbeat", (request, context) => {
        const identity = context.values.get(identityKey);
        if (identity) context.values.set(identityKey, { ...identity, expiresAtMs: 1 });
        return request;
      }),
  },
  {
    id: "id-user/cut",
    defect: "A user id is cut to 32 bytes.",
    seams: () =>
      requests("queryStatuses", (request) => ({
        ...request,
        userIds: request.userIds.map((id: string) => id.slice(0, 32)),
      })),
  },
  {
    id: "id-user/no-tilde",
    defect: "The character ~ is not allowed in user ids.",
    seams: () =>
      requests("queryStatuses", (request) => ({
        ...request,
        userIds: request.userIds.map((id: string) => id.replace("~", " ")),
      })),
  },
  {
    id: "id-device/cut",
    defect: "A device id is cut to 64 bytes.",
    seams: () => requests("login", (request) => ({ ...request, deviceId: request.deviceId.slice(0, 64) })),
  },
  {
    id: "enum-unspecified/other",
    defect: "UNSPECIFIED counts as OTHER.",
    seams: () => requests("login", (request) => ({ ...request, platform: request.platform || 1 })),
  },
  {
    id: "enum-unknown/flattened",
    defect: "A platform that is not known is echoed as OTHER.",
    seams: () =>
      requests("login", (request) => ({ ...request, platform: request.platform > 10 ? 1 : request.platform })),
  },
  {
    id: "info-open/closed",
    defect: "GetServerInfo needs a token.",
    edge: {
      handler: handler((request, response) => {
        if (!userCall(request, "GetServerInfo") || request.headers.authorization) return false;
        answer(response, 401, '{"code":"unauthenticated"}');
        return true;
      }),
    },
  },
  {
    id: "info-complete/no-keep-alive",
    defect: "The keep-alive interval is not told.",
    seams: () => answers(["getServerInfo" as never], ({ keepAliveInterval: _gone, ...rest }) => rest),
  },
  {
    id: "info-claims/one-missing",
    defect: "A claim of the profile is not made.",
    seams: () =>
      answers(["getServerInfo" as never], (info) => ({
        ...info,
        claims: info.claims.filter((claim: string) => claim !== "user_registry"),
      })),
  },
  {
    id: "info-values/other-limit",
    defect: "The name of a vendor's profile is given to other values.",
    profiles: ["zim", "tencent-native"],
    seams: () =>
      answers(["getServerInfo" as never], (info) => ({
        ...info,
        profile: { ...info.profile, query: { ...info.profile.query, batchMax: 499 } },
      })),
  },
  {
    id: "error-info/none",
    defect: "Refusals carry no ErrorInfo.",
    seams: () =>
      refusals(unaryNames, (error) => {
        throw withInfo(error, () => undefined);
      }),
  },
  {
    id: "error-info/wrong-domain",
    defect: "The domain of ErrorInfo is the name of the software.",
    seams: () =>
      refusals(unaryNames, (error) => {
        throw withInfo(error, (info) => ({ ...info, domain: "reference" }));
      }),
  },
  {
    id: "error-retry-info/none",
    defect: "RATE_LIMITED says nothing of when to come back.",
    profiles: ["standard", "zim", "tencent-web"],
    seams: () =>
      refusals(unaryNames, (error) => {
        error.details = error.details.filter(
          (detail) => !("desc" in detail) || detail.desc.typeName !== RetryInfoSchema.typeName,
        );
        throw error;
      }),
  },
  {
    id: "error-vendor-code/not-sent",
    defect: "The vendor's number is left out.",
    profiles: ["zim", "tencent-native"],
    seams: () =>
      refusals(unaryNames, (error) => {
        throw withInfo(error, ({ metadata: { vendor_code: _gone, ...metadata }, ...info }) => ({ ...info, metadata }));
      }),
  },
  {
    id: "error-no-effect/half-done",
    defect: "A batch that is too large is refused after its first rows were made.",
    seams: () =>
      refusals(["subscribe"], async (error, request, context, deps) => {
        if (reasonOf(error) === "BATCH_TOO_LARGE") {
          const targets = request.userIds.slice(0, 5).map((userId: string) => ({ userId, incarnation: 1 }));
          const { appId, userId } = context.values.get(identityKey) ?? { appId: "", userId: "" };
          const { subscribe } = await import("@userstatus/server/seams");
          await deps.store.update(appId, userId, (record, nowMs, core) =>
            subscribe(record, request.sessionId, targets, deps.rules.rowTtl.callerTtl ? 3_600_000 : null, nowMs, core),
          );
        }
        throw error;
      }),
  },
  {
    id: "time-server/nanoseconds",
    defect: "Times have a fraction of a millisecond.",
    seams: () =>
      statuses((status) => {
        if (status.updateTime) status.updateTime.nanos += 1;
        if (status.customStatus?.expireTime) status.customStatus.expireTime.nanos += 1;
      }),
  },
  {
    id: "watch-keep-alive/silent",
    defect: "Nothing keeps a quiet Watch alive.",
    seams: () => without((event) => event.case === "progress"),
  },
  {
    id: "admin-role/users-move-the-clock",
    defect: "A user's token works at the testing service.",
    edge: {
      handler: handler((request) => {
        const [, app] = /^Bearer dev:([^:]+):/.exec(request.headers.authorization ?? "") ?? [];
        if (app && request.url?.startsWith("/userstatus.testing."))
          request.headers.authorization = `Bearer dev-admin:${app}`;
        return false;
      }),
    },
  },
  {
    id: "admin-role/either",
    defect: "An admin's token works at the user service.",
    edge: {
      handler: handler((request) => {
        const [, app] = /^Bearer dev-admin:(.+)$/.exec(request.headers.authorization ?? "") ?? [];
        if (app && request.url?.startsWith("/userstatus.v1."))
          request.headers.authorization = `Bearer dev:${app}:backend`;
        return false;
      }),
    },
  },
];

/** Bytes of a length-delimited field of 1.2 MB: its length, then zeros. */
function bigField(): Uint8Array {
  const bytes = new Uint8Array(1_200_003);
  // 1_200_000 as a varint of three bytes.
  bytes.set([0x80, 0x9f, 0x49]);
  return bytes;
}
