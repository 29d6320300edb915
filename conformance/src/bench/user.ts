// A user of a bench: tokens, logins, bare clients.
import { type LoginResponse, OnlineStatus, Platform, type Profile } from "@userstatus/protocol";
import type { LivenessMs, LoginOptions, TestUser } from "../check.ts";
import { asFailure } from "../failure.ts";
import { durationOf, msOf } from "../units.ts";
import { createTestSession } from "./session.ts";
import { needTool, userClient, type World } from "./world.ts";

export function createTestUser(world: World, id: string): TestUser {
  const { run, check, random, app } = world;
  const usualToken = async (): Promise<string> =>
    run.users.tokenOf(id) ?? (await run.tokens.token({ app, user: id, role: "user" }));
  const login = async (options: LoginOptions, token: string, device: string): Promise<LoginResponse> => {
    const platform = options.platform ?? usualPlatform(run.profile);
    const ttl = options.ttlMs === undefined ? {} : { ttl: durationOf(options.ttlMs) };
    const customStatus =
      options.text === undefined && options.ttlMs === undefined
        ? {}
        : { customStatus: { text: options.text ?? "", ...ttl } };
    return await userClient(world, id, token).login({ deviceId: device, platform, ...customStatus });
  };
  const user: TestUser = {
    id,
    token: async (options) => {
      if (options?.expiresInMs === undefined) return await usualToken();
      needTool(check, "short-tokens");
      const { expiresInMs } = options;
      const token = await run.tokens.token({ app, user: id, role: "user", expiresInMs });
      if (expiresInMs > 0) world.spentTokens.made(token, Date.now() + expiresInMs);
      return token;
    },
    tryLogin: async (options = {}) =>
      await login(options, options.token ?? (await usualToken()), options.device ?? deviceOf(random.text(10))),
    login: async (options = {}) => {
      const device = options.device ?? deviceOf(random.text(10));
      const platform = options.platform ?? usualPlatform(run.profile);
      const token = options.token ?? (await usualToken());
      const loginSentAt = performance.now();
      try {
        const answer = await login(options, token, device);
        return createTestSession(world, {
          user,
          device,
          platform,
          login: answer,
          loginSentAt,
          token,
          rules: livenessOf(run.profile, platform),
        });
      } catch (error) {
        throw asFailure(error, `Login of ${id} must be answered`);
      }
    },
    client: ({ token, bareType = false } = {}) =>
      userClient(world, id, token === undefined ? usualToken : token, { bareType }),
  };
  return user;
}

function deviceOf(text: string): string {
  return `device-${text}`;
}

/** ANDROID, or the first native platform that the profile's liveness rules name, if ANDROID has none. */
export function usualPlatform(profile: Profile): Platform {
  const rules = profile.liveness;
  if (
    rules.length === 0 ||
    rules.some(({ platforms }) => platforms.length === 0 || platforms.includes(Platform.ANDROID))
  )
    return Platform.ANDROID;
  const named = rules.flatMap(({ platforms }) => platforms);
  return (
    named.find((platform) => platform !== Platform.WEB && platform !== Platform.MINI_PROGRAM) ??
    named[0] ??
    Platform.ANDROID
  );
}

/** The liveness rule of a platform: the first that names it, else the one that names none. */
export function livenessOf(profile: Profile, platform: Platform): LivenessMs {
  const rules = profile.liveness;
  const rule =
    rules.find(({ platforms }) => platforms.includes(platform)) ??
    rules.find(({ platforms }) => platforms.length === 0);
  return {
    heartbeatMs: msOf(rule?.heartbeatInterval),
    leaseMs: msOf(rule?.lease),
    graceMs: msOf(rule?.grace),
    decayMs: rule?.decay === undefined ? Number.POSITIVE_INFINITY : msOf(rule.decay),
    offline: rule?.afterLoss === OnlineStatus.OFFLINE,
  };
}
