// gRPC and gRPC-Web with the content type that names no codec, as many clients send it. The RPC library always names one.
import { createContextKey, createContextValues, type Interceptor, type Transport } from "@connectrpc/connect";

const bareType = createContextKey(false);

/** For every transport of gRPC and gRPC-Web; does nothing unless asked by `withBareType`. */
export const bareTypeInterceptor: Interceptor = (next) => (request) => {
  if (request.contextValues.get(bareType)) {
    const named = request.header.get("content-type") ?? "";
    request.header.set("content-type", named.replace(/\+proto$/, ""));
  }
  return next(request);
};

/** Behaves as `base`, which has the interceptor; its calls don't name the codec. */
export function withBareType(base: Transport): Transport {
  const context = (): ReturnType<typeof createContextValues> => createContextValues().set(bareType, true);
  return {
    unary: (method, signal, timeoutMs, header, input) =>
      base.unary(method, signal, timeoutMs, header, input, context()),
    stream: (method, signal, timeoutMs, header, input) =>
      base.stream(method, signal, timeoutMs, header, input, context()),
  };
}
