// Defects of custom status and query (SPEC §8, §9).
import { callerOf } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import { type Any, answers, methods, ownRecord, requests, rules, statuses, touch, without } from "../seam-tools.ts";

const ttls = (edit: (before: Any) => object) =>
  rules((before) => ({ customTtl: { ...before.customTtl, ...edit(before.customTtl) } }));
const texts = (edit: (input: Any) => Any) =>
  requests("setCustomStatus", (request) =>
    request.customStatus ? { ...request, customStatus: edit(request.customStatus) } : request,
  );

export const statusMutants: readonly Mutant[] = [
  {
    id: "custom-set/not-echoed",
    defect: "The answer does not show the new text.",
    seams: () =>
      answers(["setCustomStatus"], (answer) => ({
        ...answer,
        self: { ...answer.self, status: { ...answer.self.status, customStatus: undefined } },
      })),
  },
  {
    id: "custom-own-told/nobody",
    defect: "One's own Watches are not told of a new text.",
    profiles: ["standard", "zim", "tencent-web"],
    seams: () => without((event, live) => live && event.case === "self"),
  },
  {
    id: "custom-bytes/one-too-many",
    defect: "The limit is one byte too high.",
    profiles: ["standard", "zim", "tencent-native", "tencent-web"],
    seams: () => rules((before) => ({ customMaxBytes: before.customMaxBytes + 1 })),
  },
  {
    id: "custom-bytes/one-too-few",
    defect: "The limit is one byte too low.",
    seams: () => rules((before) => ({ customMaxBytes: before.customMaxBytes - 1 })),
  },
  {
    id: "custom-bytes/characters",
    defect: "Characters are counted, not bytes.",
    seams: () =>
      texts((input) => ({
        ...input,
        text: input.text.length === Buffer.byteLength(input.text) ? input.text : "x".repeat([...input.text].length),
      })),
  },
  {
    id: "custom-bytes/cut",
    defect: "A text that is too long is cut.",
    seams: () => texts((input) => ({ ...input, text: input.text.slice(0, 256) })),
  },
  {
    id: "custom-empty/ignored",
    defect: "An empty text leaves the text as it is.",
    seams: () =>
      methods((service, deps) => ({
        setCustomStatus: async (request, context) => {
          if (request.customStatus?.text) return service.setCustomStatus(request, context);
          return {
            epoch: await deps.store.epoch(callerOf(context).appId),
            self: { status: { userId: callerOf(context).userId } },
          };
        },
      })),
  },
  {
    id: "custom-user-wide/of-the-session",
    defect: "The text goes with the session that set it.",
    seams: () => {
      const setters = new Map<string, string>();
      return methods((service, deps) => ({
        setCustomStatus: async (request, context) => {
          setters.set(callerOf(context).appId + callerOf(context).userId, request.sessionId);
          return service.setCustomStatus(request, context);
        },
        logout: async (request, context) => {
          if (setters.get(callerOf(context).appId + callerOf(context).userId) === request.sessionId) {
            await touch(deps, context, (record) => {
              record.custom = null;
            });
          }
          return service.logout(request, context);
        },
      }));
    },
  },
  {
    id: "custom-again/no-change",
    defect: "Setting the same text again does nothing.",
    seams: () =>
      methods((service, deps) => ({
        setCustomStatus: async (request, context) => {
          const { appId, userId } = callerOf(context);
          const record = await ownRecord(deps, context);
          if (record.custom === null || record.custom.text !== request.customStatus?.text)
            return service.setCustomStatus(request, context);
          const status = { userId, revision: BigInt(record.selfRevision), customStatus: { text: record.custom.text } };
          return { epoch: await deps.store.epoch(appId), self: { status } };
        },
      })),
  },
  {
    id: "custom-default-ttl/none",
    defect: "Without a ttl a text stays for ever.",
    profiles: ["zim"],
    seams: () => ttls(() => ({ defaultMs: undefined })),
  },
  {
    id: "custom-default-ttl/a-day",
    defect: "Without a ttl a text stays for a day.",
    seams: () => ttls(() => ({ defaultMs: 86_400_000 })),
  },
  {
    id: "custom-ttl/greatest-refused",
    defect: "The greatest ttl is refused.",
    profiles: ["standard", "zim"],
    seams: () => ttls(({ maxMs }) => ({ maxMs: maxMs - 1 })),
  },
  {
    id: "custom-ttl/below-least",
    defect: "A ttl below the least is taken.",
    profiles: ["standard", "zim"],
    seams: () => ttls(() => ({ minMs: 1 })),
  },
  {
    id: "custom-ttl-unsupported/ignored",
    defect: "A ttl is ignored where there is none.",
    profiles: ["tencent-native", "tencent-web"],
    seams: () => texts(({ ttl: _gone, ...rest }) => rest),
  },
  {
    id: "custom-expires/late",
    defect: "A text stays a second longer than it says.",
    profiles: ["standard", "zim"],
    seams: () =>
      statuses((status) => {
        const expire = status.customStatus?.expireTime;
        if (expire) expire.seconds -= 1n;
      }),
  },
  {
    id: "custom-expires/not-told",
    defect: "The end of a text is not told.",
    profiles: ["standard", "zim"],
    seams: () =>
      without(
        (event, live) =>
          live && event.case === "status" && event.value.customStatus === undefined && event.value.onlineStatus === 1,
      ),
  },
  {
    id: "custom-kept/cleared",
    defect: "Logout clears the text.",
    profiles: ["standard", "zim"],
    seams: () => rules(() => ({ clearAfterLogoutMs: 0 })),
  },
  {
    id: "custom-kept/cleared-offline",
    defect: "OFFLINE clears the text.",
    profiles: ["standard", "zim"],
    seams: () => rules(() => ({ clearOnOffline: true })),
  },
  {
    id: "custom-clear-offline/kept",
    defect: "OFFLINE leaves the text.",
    profiles: ["tencent-native", "tencent-unity"],
    seams: () => rules(() => ({ clearOnOffline: false })),
  },
  {
    id: "custom-clear-logout/early",
    defect: "The text is cleared a second too early.",
    profiles: ["tencent-web", "tencent-web-v2"],
    seams: () => rules(({ clearAfterLogoutMs }) => ({ clearAfterLogoutMs: (clearAfterLogoutMs ?? 0) - 1000 })),
  },
  {
    id: "custom-clear-logout/never",
    defect: "Logout never clears the text.",
    profiles: ["tencent-web", "tencent-web-v2"],
    seams: () => rules(() => ({ clearAfterLogoutMs: undefined })),
  },
  {
    id: "query-unknown/left-out",
    defect: "Users who failed are left out of the answer.",
    seams: () =>
      answers(["queryStatuses"], (answer) => ({
        ...answer,
        results: answer.results.filter((one: Any) => one.result.case === "status"),
      })),
  },
  {
    id: "query-result/reversed",
    defect: "Results come in another order.",
    profiles: ["standard", "zim"],
    seams: () => answers(["queryStatuses"], (answer) => ({ ...answer, results: answer.results.toReversed() })),
  },
  {
    id: "query-batch/one-too-many",
    defect: "The limit is one too high.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => rules(({ queryBatchMax }) => ({ queryBatchMax: queryBatchMax + 1 })),
  },
  {
    id: "query-batch/one-too-few",
    defect: "The limit is one too low.",
    seams: () => rules(({ queryBatchMax }) => ({ queryBatchMax: queryBatchMax - 1 })),
  },
  {
    id: "query-batch/after-collapse",
    defect: "Duplicates collapse before the list is counted.",
    seams: () => requests("queryStatuses", (request) => ({ ...request, userIds: [...new Set(request.userIds)] })),
  },
  {
    id: "query-empty/answered",
    defect: "An empty list is answered with nothing.",
    seams: () =>
      methods((service, deps) => ({
        queryStatuses: async (request, context) =>
          request.userIds.length > 0
            ? service.queryStatuses(request, context)
            : { epoch: await deps.store.epoch(callerOf(context).appId), results: [] },
      })),
  },
  {
    id: "query-unknown/logged-out",
    defect: "Who is not registered is LOGGED_OUT.",
    profiles: ["standard", "zim"],
    seams: () =>
      answers(["queryStatuses"], (answer) => ({
        ...answer,
        results: answer.results.map((one: Any) =>
          one.result.case === "error" && one.result.value.reason === "USER_NOT_FOUND"
            ? { userId: one.userId, result: { case: "status", value: { userId: one.userId, onlineStatus: 3 } } }
            : one,
        ),
      })),
  },
  {
    id: "query-self/the-other-way",
    defect: "Oneself is refused where it is allowed, and allowed where it is refused.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => rules(({ querySelfAllowed }) => ({ querySelfAllowed: !querySelfAllowed })),
  },
];
