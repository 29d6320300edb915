// Calls whose method was called before the RPC library saw them, and refused: the library writes the refusal, as it writes any other.
import { type ContextKey, createContextKey, type Interceptor } from "@connectrpc/connect";

/** What the method threw. */
export const refusedKey: ContextKey<{ readonly thrown: unknown } | undefined> = createContextKey<
  { readonly thrown: unknown } | undefined
>(undefined, { description: "what the method of this call threw" });

/** Throws it in place of calling the method again. To be the innermost interceptor. */
export const refusedBefore: Interceptor = (next) => (request) => {
  const refused = request.contextValues.get(refusedKey);
  return refused === undefined ? next(request) : Promise.reject(refused.thrown);
};
