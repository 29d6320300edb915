// Watches over every call: faults become INTERNAL and are told to the operator, outcomes are counted and logged.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import type { Profile } from "@userstatus/protocol";
import { refusal } from "../rpc/refuse.ts";

/** How a call ended. */
export interface CallOutcome {
  /** Such as `userstatus.v1.UserStatusService/Login`. */
  readonly procedure: string;
  /** `ok`, or the name of the Connect code, such as `not_found`. */
  readonly code: string;
  readonly durationMs: number;
  /** Whether it was a stream. */
  readonly stream: boolean;
}

export interface CallObserverOptions {
  /** For the vendor's numbers in refusals. */
  readonly profile: Profile;
  readonly onOutcome: (outcome: CallOutcome) => void;
  /** Told what was thrown that is no refusal. */
  readonly onFault: (fault: unknown, procedure: string) => void;
}

export interface CallObserver {
  /** For the outermost place. */
  readonly interceptor: Interceptor;
  /** A gate that counts what the inner gate refuses, which no interceptor sees. */
  readonly gate: (inner: (context: HandlerContext) => Promise<void>) => (context: HandlerContext) => Promise<void>;
  /** A unary call was answered past the interceptor, and not refused. */
  readonly answered: (method: DescMethod, startMs: number) => void;
  /** So was a stream; answers what the caller is told of a fault that ended it. */
  readonly ended: (method: DescMethod, startMs: number, fault: unknown) => ConnectError | undefined;
}

export function createCallObserver({ profile, onOutcome, onFault }: CallObserverOptions): CallObserver {
  function observe(method: DescMethod, startMs: number, stream: boolean, code: string): void {
    onOutcome({ procedure: procedureOf(method), code, durationMs: performance.now() - startMs, stream });
  }

  /** What the caller is told: refusals as they are, anything else as INTERNAL without a word of what it was. */
  function told(thrown: unknown, method: DescMethod, signal?: AbortSignal): ConnectError {
    if (thrown instanceof ConnectError) return thrown;
    // What fails because the caller has gone is no fault, and nobody reads the answer.
    if (signal?.aborted) return ConnectError.from(signal.reason ?? thrown, Code.Canceled);
    onFault(thrown, procedureOf(method));
    return refusal(profile, "INTERNAL", "a fault of the server");
  }

  const interceptor: Interceptor = (next) => async (request) => {
    const startMs = performance.now();
    const done = (code: string): void => observe(request.method, startMs, request.stream, code);
    const fail = (thrown: unknown): ConnectError => {
      const error = told(thrown, request.method, request.signal);
      done(codeName(error.code));
      return error;
    };
    try {
      const response = await next(request);
      if (response.stream) return { ...response, message: observeStream(response.message, done, fail) };
      done("ok");
      return response;
    } catch (thrown) {
      throw fail(thrown);
    }
  };

  return {
    interceptor,
    answered: (method, startMs) => observe(method, startMs, false, "ok"),
    ended: (method, startMs, fault) => {
      const error = fault === undefined ? undefined : told(fault, method);
      observe(method, startMs, true, error === undefined ? "ok" : codeName(error.code));
      return error;
    },
    gate: (inner) => async (context) => {
      const startMs = performance.now();
      try {
        await inner(context);
      } catch (thrown) {
        const error = told(thrown, context.method, context.signal);
        observe(context.method, startMs, context.method.methodKind !== "unary", codeName(error.code));
        throw error;
      }
    },
  };
}

/** The messages as they are. A generator would cost several promises for each; this costs one. */
function observeStream<T>(
  messages: AsyncIterable<T>,
  done: (code: string) => void,
  fail: (thrown: unknown) => ConnectError,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => {
      const inner = messages[Symbol.asyncIterator]();
      let open = true;
      const end = (code: string): void => {
        if (open) done(code);
        open = false;
      };
      const broken = (thrown: unknown): never => {
        if (!open) throw thrown;
        open = false;
        throw fail(thrown);
      };
      const step = (result: IteratorResult<T>): IteratorResult<T> => {
        if (result.done === true) end("ok");
        return result;
      };
      return {
        next: () => inner.next().then(step, broken),
        return: async (value?: unknown) => {
          end(codeName(Code.Canceled));
          return (await inner.return?.(value)) ?? { done: true, value };
        },
        throw: async (reason?: unknown) => {
          end(codeName(Code.Canceled));
          if (inner.throw === undefined) throw reason;
          return inner.throw(reason);
        },
      };
    },
  };
}

function procedureOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** `Code.NotFound` → `not_found`, as it stands in Connect's answers. */
function codeName(code: Code): string {
  return (Code[code] ?? "Unknown").replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
