// Refusals with the right code and the wrong reason, or the reverse, and failures of single users (SPEC §5, and wherever a reason is named).
import { Code, ConnectError } from "@connectrpc/connect";
import type { ReasonName } from "@userstatus/protocol";
import { RetryInfoSchema } from "@userstatus/protocol/rpc";
import { callerOf } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import { type Any, answers, reasonOf, refusals, requests, type Service, unaryNames, withInfo } from "../seam-tools.ts";
import { calls } from "./refusing.ts";

interface Misnamed {
  readonly requirement: string;
  readonly from: ReasonName;
  readonly to: ReasonName;
  readonly names?: readonly (keyof Service)[];
  readonly profiles?: readonly string[];
}

const misnamed: readonly Misnamed[] = [
  { requirement: "auth-foreign-session", from: "SESSION_NOT_FOUND", to: "SESSION_ENDED" },
  { requirement: "id-user", from: "INVALID_USER_ID", to: "INVALID_FIELD" },
  { requirement: "id-device", from: "INVALID_FIELD", to: "INVALID_USER_ID", names: ["login"] },
  { requirement: "enum-unspecified", from: "INVALID_FIELD", to: "INVALID_USER_ID", names: ["login"] },
  { requirement: "logout-ends-session", from: "SESSION_ENDED", to: "SESSION_NOT_FOUND" },
  { requirement: "lost-calls", from: "SESSION_LOST", to: "SESSION_NOT_FOUND" },
  { requirement: "custom-bytes", from: "CUSTOM_STATUS_TOO_LONG", to: "INVALID_FIELD" },
  { requirement: "custom-ttl", from: "TTL_OUT_OF_RANGE", to: "INVALID_FIELD", profiles: ["standard", "zim"] },
  {
    requirement: "custom-ttl-unsupported",
    from: "TTL_NOT_SUPPORTED",
    to: "TTL_OUT_OF_RANGE",
    profiles: ["tencent-web"],
  },
  { requirement: "query-batch", from: "BATCH_TOO_LARGE", to: "INVALID_FIELD" },
  { requirement: "query-empty", from: "BATCH_EMPTY", to: "INVALID_FIELD" },
  { requirement: "sub-batch", from: "BATCH_TOO_LARGE", to: "INVALID_FIELD" },
  { requirement: "sub-empty", from: "BATCH_EMPTY", to: "INVALID_FIELD" },
  { requirement: "sub-ttl", from: "TTL_OUT_OF_RANGE", to: "INVALID_FIELD", profiles: ["standard", "zim"] },
  { requirement: "sub-ttl-absent", from: "TTL_OUT_OF_RANGE", to: "TTL_NOT_SUPPORTED", profiles: ["zim"] },
  {
    requirement: "sub-ttl-unsupported",
    from: "TTL_NOT_SUPPORTED",
    to: "TTL_OUT_OF_RANGE",
    profiles: ["tencent-native"],
  },
  { requirement: "unsub-batch", from: "BATCH_TOO_LARGE", to: "INVALID_FIELD" },
  { requirement: "unsub-empty", from: "BATCH_EMPTY", to: "INVALID_FIELD" },
  { requirement: "list-pages", from: "MALFORMED_PAGE_TOKEN", to: "INVALID_FIELD" },
  { requirement: "sync-no-watch", from: "NO_OPEN_WATCH", to: "SESSION_NOT_FOUND" },
  { requirement: "sync-marker", from: "INVALID_FIELD", to: "INVALID_USER_ID", names: ["sync"] },
  {
    requirement: "gate-switch",
    from: "FEATURE_DISABLED",
    to: "SESSION_LOST",
    profiles: ["standard", "tencent-native"],
  },
  { requirement: "rate-limit", from: "RATE_LIMITED", to: "TOO_MANY_MARKERS" },
];

/** Changes the errors of single users. */
const userErrors = (name: "queryStatuses" | "subscribe", edit: (error: Any) => Any) =>
  answers([name], (answer) => ({
    ...answer,
    results: answer.results.map((one: Any) =>
      one.result.case === "error" ? { ...one, result: { case: "error", value: edit(one.result.value) } } : one,
    ),
  }));

export const reasonMutants: readonly Mutant[] = [
  ...misnamed.map(
    ({ requirement, from, to, names, profiles }): Mutant => ({
      id: `${requirement}/misnamed`,
      defect: `${from} is called ${to}.`,
      ...(profiles ? { profiles } : {}),
      seams: () => calls(from, to, names),
    }),
  ),
  {
    id: "error-info/wrong-code",
    defect: "Every refusal has the code UNKNOWN.",
    seams: () =>
      refusals(unaryNames, (error) => {
        const changed = new ConnectError(error.rawMessage, Code.Unknown, error.metadata);
        changed.details = error.details;
        throw changed;
      }),
  },
  {
    id: "error-retry-info/milliseconds",
    defect: "The delay is given in milliseconds, as if they were seconds.",
    profiles: ["standard", "tencent-native"],
    seams: () =>
      refusals(unaryNames, (error) => {
        for (const detail of error.details) {
          if (!("desc" in detail) || detail.desc.typeName !== RetryInfoSchema.typeName) continue;
          const { retryDelay } = detail.value as Any;
          retryDelay.seconds = retryDelay.seconds * 1000n + BigInt(Math.floor(retryDelay.nanos / 1e6));
          retryDelay.nanos = 0;
        }
        throw error;
      }),
  },
  {
    id: "error-retry-info/zero",
    defect: "The delay is cut to whole seconds.",
    profiles: ["zim"],
    seams: () =>
      refusals(unaryNames, (error) => {
        for (const detail of error.details) {
          if ("desc" in detail && detail.desc.typeName === RetryInfoSchema.typeName)
            (detail.value as Any).retryDelay = { seconds: 0n, nanos: 0 };
        }
        throw error;
      }),
  },
  {
    id: "error-vendor-code/of-users",
    defect: "The vendor's number is missing in the errors of single users.",
    profiles: ["zim", "tencent-native"],
    seams: () => userErrors("queryStatuses", (error) => ({ ...error, metadata: {} })),
  },
  {
    id: "error-vendor-code/hexadecimal",
    defect: "The vendor's number is not decimal.",
    profiles: ["zim", "tencent-native"],
    seams: () =>
      refusals(unaryNames, (error) => {
        throw withInfo(error, (info) => {
          const code = info.metadata.vendor_code;
          if (code === undefined) return info;
          return { ...info, metadata: { ...info.metadata, vendor_code: `0x${Number(code).toString(16)}` } };
        });
      }),
  },
  {
    id: "session-kick-told/not-found",
    defect: "A kicked session is unknown.",
    seams: () => calls("SESSION_ENDED", "SESSION_NOT_FOUND"),
  },
  {
    id: "query-unknown/misnamed",
    defect: "Who is not registered is called NOT_PERMITTED.",
    seams: () => userErrors("queryStatuses", (error) => ({ ...error, reason: "NOT_PERMITTED" })),
  },
  {
    id: "sub-unknown/misnamed",
    defect: "Who is not registered is called NOT_PERMITTED.",
    seams: () => userErrors("subscribe", (error) => ({ ...error, reason: "NOT_PERMITTED" })),
  },
  {
    id: "sub-self/misnamed",
    defect: "Oneself is called USER_NOT_FOUND.",
    profiles: ["standard", "zim"],
    seams: () => userErrors("subscribe", (error) => ({ ...error, reason: "USER_NOT_FOUND" })),
  },
  {
    id: "sub-unknown/left-out",
    defect: "Users who failed are left out of the answer.",
    profiles: ["standard", "zim"],
    seams: () =>
      answers(["subscribe"], (answer) => ({
        ...answer,
        results: answer.results.filter((one: Any) => one.result.case !== "error"),
      })),
  },
  {
    id: "sub-unknown/whole-call",
    defect: "One user who is not registered has the whole call refused.",
    seams: () =>
      answers(["subscribe"], (answer) => {
        if (answer.results.some((one: Any) => one.result.value?.reason === "USER_NOT_FOUND"))
          throw new ConnectError("unknown user", Code.NotFound);
        return answer;
      }),
  },
  {
    id: "unsub-unknown/without-id",
    defect: "A failure does not say whose it is.",
    profiles: ["standard", "zim"],
    seams: () =>
      answers(["unsubscribe"], (answer) => ({
        ...answer,
        failures: answer.failures.map((one: Any) => ({ ...one, userId: "" })),
      })),
  },
  {
    id: "unsub-result/reversed",
    defect: "Users come in another order.",
    seams: () => answers(["unsubscribe"], (answer) => ({ ...answer, endedUserIds: answer.endedUserIds.toReversed() })),
  },
  {
    id: "unsub-result/without-oneself",
    defect: "The caller is left out.",
    seams: () =>
      answers(["unsubscribe"], (answer, _request, context) => ({
        ...answer,
        endedUserIds: answer.endedUserIds.filter((id: string) => id !== callerOf(context).userId),
      })),
  },
  {
    id: "query-result/duplicates-twice",
    defect: "Who is named twice is answered twice.",
    profiles: ["standard", "zim"],
    seams: () =>
      answers(["queryStatuses"], (answer, request) => {
        const byId = new Map<string, Any>(answer.results.map((one: Any) => [one.userId, one]));
        return { ...answer, results: request.userIds.map((id: string) => byId.get(id)) };
      }),
  },
  {
    id: "sub-result/duplicates-twice",
    defect: "Who is named twice is answered twice.",
    seams: () =>
      answers(["subscribe"], (answer, request) => {
        const byId = new Map<string, Any>(answer.results.map((one: Any) => [one.userId, one]));
        return { ...answer, results: request.userIds.map((id: string) => byId.get(id)) };
      }),
  },
  {
    id: "sub-self/taken",
    defect: "A row to oneself is made.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () =>
      answers(["subscribe"], (answer, _request, context) => ({
        ...answer,
        results: answer.results.map((one: Any) =>
          one.userId === callerOf(context).userId
            ? {
                userId: one.userId,
                result: {
                  case: "subscribed",
                  value: {
                    subscription: { userId: one.userId, generation: 1n },
                    status: { userId: one.userId, onlineStatus: 1, revision: 1n },
                  },
                },
              }
            : one,
        ),
      })),
  },
  {
    id: "auth-foreign-session/set",
    defect: "Whose session it is is not looked at in SetCustomStatus.",
    seams: () =>
      refusals(["setCustomStatus"], (error, _request, context) => {
        if (reasonOf(error) !== "SESSION_NOT_FOUND") throw error;
        return { epoch: "e", self: { status: { userId: callerOf(context).userId } } };
      }),
  },
  {
    id: "list-filter/unknown-refused",
    defect: "A filter that names somebody without a row is refused.",
    seams: () =>
      answers(["listSubscriptions"], (answer, request) => {
        const rows = new Set(answer.subscriptions.map((one: Any) => one.subscription.userId));
        if (
          answer.nextPageToken === "" &&
          request.pageToken === "" &&
          request.userIds.some((id: string) => !rows.has(id))
        )
          throw new ConnectError("no such row", Code.InvalidArgument);
        return answer;
      }),
  },
  {
    id: "query-batch/silently-cut",
    defect: "A list that is too long is cut.",
    profiles: ["standard", "zim"],
    seams: () => {
      let max = Number.POSITIVE_INFINITY;
      const { user } = requests("queryStatuses", (request) => ({ ...request, userIds: request.userIds.slice(0, max) }));
      return {
        rules: (rules) => {
          max = rules.queryBatchMax;
          return rules;
        },
        ...(user ? { user } : {}),
      };
    },
  },
];
