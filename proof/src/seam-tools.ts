// Ways to put a defect in: at a method, at the events of a Watch, at every status that leaves, at the rules, at a record.
import { clone, create } from "@bufbuild/protobuf";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import {
  type UserStatus,
  UserStatusSchema,
  type WatchEvent,
  WatchEventSchema,
  type WatchResponse,
  WatchResponseSchema,
} from "@userstatus/protocol";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import {
  callerOf,
  type PresenceSeams,
  type Rules,
  type ServiceDeps,
  type SessionRecord,
  type UserRecord,
  type UserServiceImpl,
} from "@userstatus/server/seams";

// Methods differ in their messages; a defect is written against the one it names.
// biome-ignore lint/suspicious/noExplicitAny: a wrapper for any unary method can't name its messages
export type Any = any;
export type Method = (request: Any, context: HandlerContext) => Any;
export type Service = Record<Exclude<keyof UserServiceImpl, "watch">, Method>;
export type Event = WatchEvent["event"];

export const unaryNames = [
  "login",
  "logout",
  "heartbeat",
  "setCustomStatus",
  "queryStatuses",
  "subscribe",
  "unsubscribe",
  "listSubscriptions",
  "sync",
] as const;

/** Replaces methods; `make` gets the methods as they were. */
export function methods(make: (service: Service, deps: ServiceDeps) => Partial<Service>): PresenceSeams {
  return {
    user: (service, deps) =>
      ({ ...service, ...make(service as unknown as Service, deps) }) as unknown as UserServiceImpl,
  };
}

/** Changes requests before the method sees them. */
export function requests(name: keyof Service, edit: (request: Any, context: HandlerContext) => Any): PresenceSeams {
  return methods((service) => ({
    [name]: (request: Any, context: HandlerContext) => service[name](edit(request, context), context),
  }));
}

/** Changes the answers of methods. */
export function answers(
  names: readonly (keyof Service)[],
  edit: (answer: Any, request: Any, context: HandlerContext, deps: ServiceDeps) => Any,
): PresenceSeams {
  return methods((service, deps) =>
    Object.fromEntries(
      names.map((name) => [
        name,
        async (request: Any, context: HandlerContext) =>
          edit(await service[name](request, context), request, context, deps),
      ]),
    ),
  );
}

/** What `instead` returns stands in place of a refusal; it may throw the refusal, or another. */
export function refusals(
  names: readonly (keyof Service)[],
  instead: (error: ConnectError, request: Any, context: HandlerContext, deps: ServiceDeps) => Any,
): PresenceSeams {
  return methods((service, deps) =>
    Object.fromEntries(
      names.map((name) => [
        name,
        async (request: Any, context: HandlerContext) => {
          try {
            return await service[name](request, context);
          } catch (error) {
            return await instead(ConnectError.from(error), request, context, deps);
          }
        },
      ]),
    ),
  );
}

/** The reason of a refusal. */
export function reasonOf(error: unknown): string | undefined {
  for (const detail of ConnectError.from(error).details) {
    if ("desc" in detail && detail.desc.typeName === ErrorInfoSchema.typeName) return (detail.value as Any).reason;
  }
  return undefined;
}

/** The same refusal with its ErrorInfo changed, or without it. */
export function withInfo(error: ConnectError, edit: (info: Any) => Any): ConnectError {
  const changed = new ConnectError(error.rawMessage, error.code, error.metadata);
  changed.details = error.details.flatMap((detail): typeof error.details => {
    if (!("desc" in detail) || detail.desc.typeName !== ErrorInfoSchema.typeName) return [detail];
    const info = edit(detail.value);
    return info ? [{ ...detail, value: info }] : [];
  });
  return changed;
}

export interface StreamOf {
  readonly deps: ServiceDeps;
  readonly context: HandlerContext;
  readonly sessionId: string;
  readonly cursor: Uint8Array;
}

/** Changes the events of every Watch: `make` gives each stream an editor of its own, which answers what stands in place of an event. */
export function events(make: (stream: StreamOf) => (event: Event) => readonly Event[]): PresenceSeams {
  return {
    user: (service, deps) => ({
      ...service,
      watch: async function* (request, context) {
        const edit = make({ deps, context, sessionId: request.sessionId, cursor: request.cursor });
        for await (const frame of service.watch(request, context) as AsyncIterable<WatchResponse>) {
          const edited = frame.events.flatMap(({ event }) => edit(event));
          if (edited.length > 0) yield frameOf(edited);
        }
      },
    }),
  };
}

export function frameOf(list: readonly Event[]): WatchResponse {
  return create(WatchResponseSchema, { events: list.map((event) => create(WatchEventSchema, { event })) });
}

/** Leaves events out. */
export function without(fits: (event: Event, live: boolean) => boolean): PresenceSeams {
  return events(() => {
    let live = false;
    return (event) => {
      const gone = fits(event, live);
      if (event.case === "snapshotEnd") live = true;
      return gone ? [] : [event];
    };
  });
}

/** Changes every status of others that leaves the server, in answers and on streams. */
export function statuses(edit: (status: UserStatus) => void): PresenceSeams {
  const changed = (status: UserStatus | undefined): UserStatus | undefined => {
    if (!status) return status;
    const copy = clone(UserStatusSchema, status);
    edit(copy);
    return copy;
  };
  const seams = [
    answers(["queryStatuses"], (answer) => ({
      ...answer,
      results: answer.results.map((one: Any) =>
        one.result.case === "status" ? { ...one, result: { case: "status", value: changed(one.result.value) } } : one,
      ),
    })),
    answers(["subscribe"], (answer) => ({
      ...answer,
      results: answer.results.map((one: Any) =>
        one.result.case === "subscribed"
          ? {
              ...one,
              result: { case: "subscribed", value: { ...one.result.value, status: changed(one.result.value.status) } },
            }
          : one,
      ),
    })),
    answers(["listSubscriptions"], (answer) => ({
      ...answer,
      subscriptions: answer.subscriptions.map((one: Any) => ({ ...one, status: changed(one.status) })),
    })),
    events(
      () => (event) =>
        event.case === "status" ? [{ case: "status", value: changed(event.value) as UserStatus }] : [event],
    ),
  ];
  return {
    user: (service, deps) => seams.reduce((inner, seam) => seam.user?.(inner, deps) ?? inner, service),
    admin: (service) => ({
      ...service,
      queryStatuses: async (request, context) => {
        const answer: Any = await service.queryStatuses(request, context);
        for (const one of answer.results)
          if (one.result.case === "status") one.result.value = changed(one.result.value);
        return answer;
      },
    }),
  };
}

/** Changes the rules that the server goes by, while it goes on advertising the profile as it was. */
export function rules(edit: (rules: Rules) => Partial<Rules>): PresenceSeams {
  return { rules: (before) => ({ ...before, ...edit(before) }) };
}

/** Changes the caller's record after a call went through, before it is answered. */
export async function touch(
  deps: ServiceDeps,
  context: HandlerContext,
  edit: (record: UserRecord, nowMs: number) => void,
): Promise<void> {
  const { appId, userId } = callerOf(context);
  await deps.store.update(appId, userId, (record, nowMs) => edit(record, nowMs));
}

/** The caller's record as it stands. */
export async function ownRecord(deps: ServiceDeps, context: HandlerContext): Promise<UserRecord> {
  const { appId, userId } = callerOf(context);
  const [record] = await deps.store.read(appId, [userId]);
  return record as UserRecord;
}

export function sessionOf(record: UserRecord, sessionId: string): SessionRecord | undefined {
  return record.sessions.find((session) => session.sessionId === sessionId);
}

/** Several seams, one after the other. */
export function all(...list: readonly PresenceSeams[]): PresenceSeams {
  return {
    rules: (before) => list.reduce((inner, seam) => seam.rules?.(inner) ?? inner, before),
    store: (before, with_) => list.reduce((inner, seam) => seam.store?.(inner, with_) ?? inner, before),
    hub: (before) => list.reduce((inner, seam) => seam.hub?.(inner) ?? inner, before),
    user: (before, deps) => list.reduce((inner, seam) => seam.user?.(inner, deps) ?? inner, before),
    admin: (before, deps) => list.reduce((inner, seam) => seam.admin?.(inner, deps) ?? inner, before),
    testing: (before, deps) => list.reduce((inner, seam) => seam.testing?.(inner, deps) ?? inner, before),
  };
}
