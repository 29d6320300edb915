// Whether anybody can log in with the tokens and users that the options give.
import { createClient } from "@connectrpc/connect";
import { Platform, UserStatusService } from "@userstatus/protocol";
import { describeError } from "../bench/refusal.ts";
import type { RunContext } from "../bench/world.ts";
import type { Prepared } from "../run/suite.ts";
import { createTranscript } from "../transcript/transcript.ts";
import { createCaller } from "../wire/caller.ts";
import { openConnection } from "../wire/connection.ts";

/** Undefined if somebody could log in and out; else why not. */
export async function tryLogin({ run, server }: Prepared): Promise<string | undefined> {
  const kind = server.kinds[0];
  if (kind === undefined) return "no transport";
  const connection = openConnection(kind, run.url);
  const app = run.sharedApp ?? run.newId("app-");
  try {
    const client = await userOf(run, app, connection);
    const { sessionId } = await client.login({ deviceId: "doctor", platform: Platform.LINUX });
    await client.logout({ sessionId });
    return undefined;
  } catch (error) {
    return describeError(error);
  } finally {
    connection.close();
  }
}

async function userOf(run: RunContext, app: string, connection: ReturnType<typeof openConnection>) {
  const { users, tokens, newId, patienceMs } = run;
  const byLogin = async (): Promise<void> => undefined;
  // Without the admin calls: whoever logs in first is registered by that, or the answer says why not.
  const way = users.way === "admin calls" ? undefined : users;
  const [id = newId("u-")] =
    (await way?.make({ app, count: 1, fresh: false, newId: () => newId("u-"), admin: undefined, byLogin })) ?? [];
  const token = users.tokenOf(id) ?? (await tokens.token({ app, user: id, role: "user" }));
  const transcript = createTranscript({ entriesMax: 4 });
  return createClient(
    UserStatusService,
    createCaller(connection.transport, { who: id, token, transcript, patienceMs, over: new AbortController().signal }),
  );
}
