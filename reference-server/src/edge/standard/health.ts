// grpc.health.v1: whether this server, and each of its services, takes calls.
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@userstatus/protocol/rpc";

export interface HealthState {
  readonly serving: () => boolean;
  /** From now on everything is NOT_SERVING; those who watch are told. */
  readonly stopServing: () => void;
  /** Calls back when the state changes; answers with a function that ends this. */
  readonly onChange: (listener: () => void) => () => void;
}

/** One state for the whole process; it begins as SERVING. */
export function createHealthState(): HealthState {
  const listeners = new Set<() => void>();
  let serving = true;
  return {
    serving: () => serving,
    stopServing: () => {
      serving = false;
      for (const listener of [...listeners]) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export interface HealthRoutesOptions {
  readonly state: HealthState;
  /** Full names of the services that are known by name; the empty name, for all of them, is known anyway. */
  readonly serviceNames: readonly string[];
}

/** Most open Watch calls of one listener. */
const watchesMax = 1_000;

/** Adds grpc.health.v1.Health to a router. */
export function createHealthRoutes({ state, serviceNames }: HealthRoutesOptions): (router: ConnectRouter) => void {
  const known = new Set(["", ...serviceNames]);
  const current = (): Status => (state.serving() ? Status.SERVING : Status.NOT_SERVING);
  let openWatches = 0;

  async function* watch(service: string, signal: AbortSignal): AsyncGenerator<{ status: Status }> {
    if (openWatches >= watchesMax) throw new ConnectError("too many health watches", Code.ResourceExhausted);
    openWatches++;
    try {
      let told: Status | undefined;
      while (!signal.aborted) {
        const status = known.has(service) ? current() : Status.SERVICE_UNKNOWN;
        if (status !== told) yield { status };
        told = status;
        await changeOrEnd(state, signal, () => known.has(service) && current() !== told);
      }
      // The library tells the caller why: its deadline, or the shutdown of the server.
      throw signal.reason;
    } finally {
      openWatches--;
    }
  }

  return (router) => {
    router.service(Health, {
      check: ({ service }) => {
        if (!known.has(service)) throw new ConnectError("no such service", Code.NotFound);
        return { status: current() };
      },
      list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, { status: current() }])) }),
      watch: ({ service }, { signal }) => watch(service, signal),
    });
  };
}

/** Resolves at the next change or when the call is over; at once if there already is news. */
function changeOrEnd(state: HealthState, signal: AbortSignal, hasNews: () => boolean): Promise<void> {
  if (signal.aborted || hasNews()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = state.onChange(finish);
    signal.addEventListener("abort", finish);
    function finish(): void {
      stop();
      signal.removeEventListener("abort", finish);
      resolve();
    }
  });
}
