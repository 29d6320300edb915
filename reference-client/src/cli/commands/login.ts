// The command login: stays logged in until Ctrl-C, or once to see the session.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { PlatformSchema } from "@userstatus/protocol";
import type { LoginCustomStatus } from "../../session.ts";
import { type Context, defaultDeviceId, parseTtl } from "../context.ts";
import { exitCodes, UsageError } from "../failure.ts";
import { runLive } from "../live.ts";
import { withOneShot } from "../one-shot.ts";
import { enumWord, selfJson } from "../output/status.ts";
import type { StateKey } from "../state-file.ts";

export interface LoginFlags {
  readonly once?: boolean | undefined;
  readonly status?: string | undefined;
  readonly statusTtl?: string | undefined;
}

export async function loginCommand(context: Context, flags: LoginFlags): Promise<number> {
  const ttlMs = parseTtl(flags.statusTtl, "--status-ttl");
  if (ttlMs !== undefined && flags.status === undefined) throw new UsageError("--status-ttl goes with --status");
  const customStatus = flags.status === undefined ? undefined : { text: flags.status, ttlMs };
  return flags.once === true ? await logInOnce(context, customStatus) : await stayLoggedIn(context, customStatus);
}

function logInOnce(context: Context, customStatus: LoginCustomStatus | undefined): Promise<number> {
  return withOneShot(context, {}, async ({ logIn }) => {
    const answer = await logIn(customStatus);
    if (context.json) {
      const leaseMs = answer.lease === undefined ? null : durationMs(answer.lease);
      context.printJson({ sessionId: answer.sessionId, epoch: answer.epoch, leaseMs, self: selfJson(answer.self) });
    } else {
      context.io.out(answer.sessionId);
    }
    return exitCodes.ok;
  });
}

async function stayLoggedIn(context: Context, customStatus: LoginCustomStatus | undefined): Promise<number> {
  const deviceId = context.deviceId ?? defaultDeviceId;
  const key: StateKey = { url: context.url, identity: context.identity(), deviceId };
  return await runLive(context, {
    deviceId,
    customStatus,
    news: "self",
    ready: async (client) => {
      const { sessionId = "" } = client;
      // Other commands go on with this login: `userstatus set` in another window needs none of its own.
      await context.states.write(key, sessionId).catch(() => {});
      const platform = enumWord(PlatformSchema, context.platform);
      context.note(
        `logged in as ${client.self?.status?.userId ?? "?"} on device ${deviceId} (${platform}). Ctrl-C logs out.`,
      );
      if (context.json)
        context.printJson({ time: new Date(context.io.now()).toISOString(), event: "loggedIn", sessionId });
      return undefined;
    },
    ended: () => context.states.remove(key),
  });
}
