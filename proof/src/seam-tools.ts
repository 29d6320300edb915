// Ways to put a defect in: at a method's request, its answer, the events of a Watch, the rules, the store.
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type WatchEvent, WatchEventSchema, type WatchResponse, WatchResponseSchema } from "@userstatus/protocol";
import type { PresenceSeams, Rules, ServiceDeps, UserServiceImpl } from "@userstatus/server/seams";

type Unary = Exclude<keyof UserServiceImpl, "watch">;
// Methods differ in their messages; a defect is written against the one it names.
// biome-ignore lint/suspicious/noExplicitAny: a wrapper for any unary method can't name its messages
type AnyMethod = (request: any, context: HandlerContext) => any;

/** Runs a method through a wrapper. */
export function method<M extends Unary>(
  name: M,
  wrap: (next: UserServiceImpl[M], deps: ServiceDeps) => UserServiceImpl[M],
): PresenceSeams {
  return { user: (service, deps) => ({ ...service, [name]: wrap(service[name], deps) }) };
}

/** Changes the answer of methods. */
export function answers(
  names: readonly Unary[],
  // biome-ignore lint/suspicious/noExplicitAny: see above
  edit: (answer: any, request: any, context: HandlerContext, deps: ServiceDeps) => unknown,
): PresenceSeams {
  return {
    user: (service, deps) => {
      const edited = { ...service } as Record<string, AnyMethod>;
      for (const name of names) {
        const next = service[name] as AnyMethod;
        edited[name] = async (request, context) => {
          const answer = await next(request, context);
          return (await edit(answer, request, context, deps)) ?? answer;
        };
      }
      return edited as unknown as UserServiceImpl;
    },
  };
}

/** Swallows or changes refusals of methods: what `instead` returns is the answer, what it throws the refusal. */
export function refusals(
  names: readonly Unary[],
  // biome-ignore lint/suspicious/noExplicitAny: see above
  instead: (error: unknown, request: any, context: HandlerContext, deps: ServiceDeps) => unknown,
): PresenceSeams {
  return {
    user: (service, deps) => {
      const edited = { ...service } as Record<string, AnyMethod>;
      for (const name of names) {
        const next = service[name] as AnyMethod;
        edited[name] = async (request, context) => {
          try {
            return await next(request, context);
          } catch (error) {
            return await instead(error, request, context, deps);
          }
        };
      }
      return edited as unknown as UserServiceImpl;
    },
  };
}

export type Event = WatchEvent["event"];

/** Changes the events of every Watch: `make` gives each stream an editor of its own, which answers what stands in place of an event. */
export function events(
  make: (stream: { deps: ServiceDeps; context: HandlerContext; sessionId: string }) => (event: Event) => readonly Event[],
): PresenceSeams {
  return {
    user: (service, deps) => ({
      ...service,
      watch: async function* (request, context) {
        const edit = make({ deps, context, sessionId: request.sessionId });
        for await (const frame of service.watch(request, context) as AsyncIterable<WatchResponse>) {
          const edited = frame.events.flatMap(({ event }) => edit(event));
          if (edited.length === 0) continue;
          yield create(WatchResponseSchema, { events: edited.map((event) => create(WatchEventSchema, { event })) });
        }
      },
    }),
  };
}

/** Changes the rules that the server goes by, while it goes on advertising the profile as it was. */
export function rules(edit: (rules: Rules) => Partial<Rules>): PresenceSeams {
  return { rules: (before) => ({ ...before, ...edit(before) }) };
}
