// The unary methods of a service as functions of a message, for callers other than the RPC library's router.
import { create, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { UserStatusService } from "@userstatus/protocol";

/** All that a unary method of this server looks at, beside its request. */
export type UnaryContext = Pick<HandlerContext, "values">;

export interface UnaryMethod {
  readonly desc: DescMethod;
  /** Answers a whole message; rejects with what the caller is to be told. */
  readonly call: (request: Message, context: UnaryContext) => Promise<Message>;
}

export function unaryMethodsOf(service: ServiceImpl<typeof UserStatusService>): readonly UnaryMethod[] {
  return UserStatusService.methods
    .filter(({ methodKind }) => methodKind === "unary")
    .map((desc) => {
      // The library calls them in the same way: by name, with the message of the descriptor of that name.
      const method = (service as unknown as Readonly<Record<string, Loose>>)[desc.localName];
      if (method === undefined) throw new Error(`the service has no ${desc.name}`);
      return {
        desc,
        call: async (request, context) => create(desc.output as DescMessage, await method(request, context)),
      };
    });
}

type Loose = (request: Message, context: UnaryContext) => Message | Promise<Message>;
