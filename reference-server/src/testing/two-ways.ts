// One presence server behind two ports: on one every frame of a Watch passes the RPC library, on the other live frames go straight to the connection.
import { createDevelopmentAuthenticator } from "../edge/auth/development.ts";
import { createAuthGate } from "../edge/auth/gate.ts";
import { createCallObserver } from "../edge/calls.ts";
import { defaultConnectionLimits } from "../edge/connection-limits.ts";
import { createListenerHandler } from "../edge/listener.ts";
import { createOnePort } from "../edge/one-port.ts";
import { createPresenceServer, type PresenceSeams, type PresenceServer } from "../presence-server.ts";
import { rulesOf } from "./core-bench.ts";

export type Way = "library" | "direct";
export const ways: readonly Way[] = ["library", "direct"];

export interface TwoWays {
  readonly presence: PresenceServer;
  readonly ports: Readonly<Record<Way, number>>;
  /** Codes of the Watches that ended. */
  readonly outcomes: Readonly<Record<Way, readonly string[]>>;
  /** Method and code of the other calls that ended. */
  readonly calls: Readonly<Record<Way, readonly string[]>>;
  readonly faults: unknown[];
  /** The wall clock stands still, but for this. */
  readonly passWall: (ms: number) => void;
  readonly shutdown: AbortController;
  /** Calls a method in JSON; answers what it answered, or throws the refusal's text. */
  readonly call: (userId: string, method: string, body: object) => Promise<Record<string, unknown>>;
  readonly stop: () => Promise<void>;
}

export async function startTwoWays(seams: PresenceSeams = {}): Promise<TwoWays> {
  let nowMs = 1_800_000_000_000;
  const wallNow = (): number => nowMs;
  const faults: unknown[] = [];
  const { profile } = rulesOf("standard", {});
  const onFault = (fault: unknown): void => void faults.push(fault);
  const presence = createPresenceServer(
    {
      profile,
      claims: [],
      serverName: "two ways",
      serverVersion: "0",
      testClock: false,
      keepAliveMs: 400,
      wallNow,
      onFault,
    },
    seams,
  );
  const shutdown = new AbortController();
  const outcomes: Record<Way, string[]> = { library: [], direct: [] };
  const calls: Record<Way, string[]> = { library: [], direct: [] };
  const portOf = (way: Way) => {
    const observer = createCallObserver({
      profile,
      onOutcome: ({ procedure, code }) => {
        const method = procedure.slice(procedure.indexOf("/") + 1);
        if (method === "Watch") outcomes[way].push(code);
        else calls[way].push(`${method} ${code}`);
      },
      onFault,
    });
    const authenticator = createDevelopmentAuthenticator();
    const gate = createAuthGate({ authenticator, profile, apps: [], nowMs: wallNow });
    const methods = way === "direct" ? presence.userMethods : undefined;
    const handlers = createListenerHandler({
      routes: presence.userRoutes,
      gate: observer.gate(gate),
      interceptors: [observer.interceptor],
      direct: methods && {
        methods,
        openWatch: presence.openWatch,
        gate,
        onAnswered: observer.answered,
        onEnded: observer.ended,
        onFault,
      },
      readyBytes: way === "direct",
      corsOrigins: ["*"],
      serving: () => true,
      shutdownSignal: shutdown.signal,
    });
    return createOnePort({ ...handlers, limits: { ...defaultConnectionLimits, maxConnections: 100 } });
  };
  const listeners = { library: portOf("library"), direct: portOf("direct") };
  const ports = {
    library: await listeners.library.listen("127.0.0.1", 0),
    direct: await listeners.direct.listen("127.0.0.1", 0),
  };
  return {
    presence,
    ports,
    outcomes,
    calls,
    faults,
    passWall: (ms) => {
      nowMs += ms;
    },
    shutdown,
    call: async (userId, method, body) => {
      const answer = await fetch(`http://127.0.0.1:${ports.library}/userstatus.v1.UserStatusService/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer dev:app:${userId}` },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as Record<string, unknown>;
    },
    stop: async () => {
      await Promise.all([listeners.library.close(0), listeners.direct.close(0)]);
      await presence.close();
      if (faults.length > 0) throw faults[0];
    },
  };
}
