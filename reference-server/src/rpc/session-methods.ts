// Login, Logout, Heartbeat, SetCustomStatus (SPEC §6, §8).
import { randomBytes } from "node:crypto";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { UserStatusService } from "@userstatus/protocol";
import { setCustom } from "../core/custom-status.ts";
import { login, logout, refuseKicked, renew, usableSession } from "../core/sessions.ts";
import { selfStatus } from "../core/views.ts";
import { callerOf } from "./call.ts";
import type { ServiceDeps } from "./deps.ts";
import { deviceId, platform, ttl } from "./validate.ts";

type Methods = Pick<ServiceImpl<typeof UserStatusService>, "login" | "logout" | "heartbeat" | "setCustomStatus">;

export function createSessionMethods({ store, rules, gatekeeper }: ServiceDeps): Methods {
  return {
    login: async (request, context) => {
      const { appId, userId, expiresAtMs } = callerOf(context);
      const input = request.customStatus;
      const custom = input && { text: input.text, ttlMs: ttl(input.ttl, "custom_status.ttl") };
      const wanted = { deviceId: deviceId(request.deviceId), platform: platform(request.platform), custom };
      if (custom && custom.text !== "") await gatekeeper.requireOpen(appId, "SetCustomStatus", true);
      const newSessionId = randomBytes(15).toString("base64url");
      const done = await store.update(appId, userId, (record, nowMs, core) => {
        const session = login(record, { ...wanted, tokenExpiresAtMs: expiresAtMs, newSessionId }, nowMs, core);
        return { session: { ...session }, self: selfStatus(record, rules), nowMs };
      });
      const { leaseMs, heartbeatMs } = rules.liveness(done.session.platform);
      return {
        sessionId: done.session.sessionId,
        epoch: await store.epoch(appId),
        self: done.self,
        lease: durationFromMs(leaseMs),
        heartbeatInterval: durationFromMs(heartbeatMs),
        serverTime: timestampFromMs(done.nowMs),
        ...expireTime(done.session.tokenExpiresAtMs),
      };
    },
    logout: async (request, context) => {
      const { appId, userId } = callerOf(context);
      const self = await store.update(appId, userId, (record, nowMs, core) => {
        logout(record, request.sessionId, nowMs, core);
        return selfStatus(record, rules);
      });
      return { epoch: await store.epoch(appId), self };
    },
    heartbeat: async (request, context) => {
      const { appId, userId, expiresAtMs } = callerOf(context);
      const done = await store.update(appId, userId, (record, nowMs, core) => {
        const session = renew(record, request.sessionId, expiresAtMs, nowMs, core);
        return session && { session: { ...session }, nowMs };
      });
      if (!done) throw refuseKicked();
      return {
        lease: durationFromMs(rules.liveness(done.session.platform).leaseMs),
        serverTime: timestampFromMs(done.nowMs),
        ...expireTime(done.session.tokenExpiresAtMs),
      };
    },
    setCustomStatus: async (request, context) => {
      const caller = callerOf(context);
      const input = request.customStatus;
      const custom = { text: input?.text ?? "", ttlMs: ttl(input?.ttl, "custom_status.ttl") };
      gatekeeper.checkCustom(custom);
      await gatekeeper.admit(caller, { procedure: "SetCustomStatus", sessionId: request.sessionId, onlySelf: true });
      const self = await store.update(caller.appId, caller.userId, (record, nowMs, core) => {
        usableSession(record, request.sessionId);
        setCustom(record, custom, nowMs, core);
        return selfStatus(record, rules);
      });
      return { epoch: await store.epoch(caller.appId), self };
    },
  };
}

function expireTime(expiresAtMs: number | null): { tokenExpireTime?: ReturnType<typeof timestampFromMs> } {
  return expiresAtMs === null ? {} : { tokenExpireTime: timestampFromMs(expiresAtMs) };
}
