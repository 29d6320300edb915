// Checks of SPEC §3, which token's expiry a session tells: that of the one that runs out last, whichever a call comes with.
import type { Bench, Check } from "../check.ts";
import { pairOf } from "./lib/a-profile.ts";
import { instantOf } from "./lib/a-scenes.ts";

const hourMs = 3_600_000;

export const tokenNewestChecks: readonly Check[] = [
  {
    id: "auth-renew/older-token",
    title:
      "Heartbeat and Login with an older token than the session's newest tell the expiry of the newest; another session of the user tells its own",
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const user = await t.user();
      const [platform, beside] = pairOf(t.profile) ?? [];
      const older = await user.token({ expiresInMs: hourMs });
      const newer = await user.token({ expiresInMs: 3 * hourMs });
      const session = await user.login({ token: older, ...(platform === undefined ? {} : { platform }) });
      const olderEnd = instantOf(t, session.login.tokenExpireTime, "token_expire_time of Login");
      const beat = await session.heartbeat(newer);
      const newerEnd = instantOf(t, beat.tokenExpireTime, "token_expire_time of Heartbeat with a newer token");
      t.ok(newerEnd - olderEnd > hourMs, "token_expire_time of Heartbeat with a newer token is that token's", newerEnd);
      for (const round of [1, 2]) {
        const again = await session.heartbeat(older);
        const what = `token_expire_time of Heartbeat ${round} with the older token, against that with the newer`;
        t.equal(instantOf(t, again.tokenExpireTime, what), newerEnd, what);
      }
      const { login } = await user.login({ device: session.device, platform: session.platform, token: older });
      const what = "token_expire_time of Login of the same device with the older token";
      t.equal(instantOf(t, login.tokenExpireTime, what), newerEnd, `${what}, against Heartbeat with the newer`);
      if (beside === undefined) return;
      const other = await user.login({ token: older, platform: beside });
      const own = "token_expire_time of another session that has only the older token";
      t.equal(instantOf(t, other.login.tokenExpireTime, own), olderEnd, own);
    },
  },
];
