// Ends what a check left behind on a user who will be used again: sessions, rows, text.
import { createClient } from "@connectrpc/connect";
import { Platform, UserStatusService } from "@userstatus/protocol";
import { createTranscript } from "../transcript/transcript.ts";
import { createCaller } from "../wire/caller.ts";
import type { Connection } from "../wire/connection.ts";

export interface ScrubOptions {
  readonly connection: Connection;
  readonly patienceMs: number;
  readonly token: () => Promise<string>;
  /** Sessions that are known to have been made, live or lost. */
  readonly sessionIds: readonly string[];
}

/** Never rejects: a server on which this fails is judged by checks. */
export async function scrubUser({ connection, patienceMs, token, sessionIds }: ScrubOptions): Promise<void> {
  const transcript = createTranscript({ entriesMax: 4 });
  const over = new AbortController().signal;
  const client = createClient(
    UserStatusService,
    createCaller(connection.transport, { who: "", token, transcript, patienceMs, over }),
  );
  const attempt = async (call: Promise<unknown>): Promise<void> => void (await call.catch(() => undefined));
  try {
    const { sessionId, self } = await client.login({ deviceId: "clean-up", platform: Platform.LINUX });
    await attempt(client.unsubscribe({ sessionId, target: { case: "all", value: {} } }));
    if ((self?.status?.customStatus?.text ?? "") !== "") await attempt(client.setCustomStatus({ sessionId }));
    const others = new Set([...sessionIds, ...(self?.sessions.map((session) => session.sessionId) ?? [])]);
    others.delete(sessionId);
    for (const other of others) await attempt(client.logout({ sessionId: other }));
    await attempt(client.logout({ sessionId }));
  } catch {
    // Nobody could log in; the next check will say so.
  }
}
