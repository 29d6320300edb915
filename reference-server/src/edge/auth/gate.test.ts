import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { publishedProfile, UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { ErrorInfoSchema, Health, reflectionV1 } from "@userstatus/protocol/rpc";
import { TestingService } from "@userstatus/protocol/testing";
import { describe, expect, test } from "vitest";
import { type Identity, identityKey } from "../../rpc/identity.ts";
import { createAuthenticator } from "./create.ts";
import { bearerToken, createAuthGate } from "./gate.ts";

const { getServerInfo, login } = UserStatusService.method;
const { registerUsers } = AdminService.method;
const { getClock } = TestingService.method;

/** The identity that the call gets, or the code and reason with which it is refused. */
async function call(method: DescMethod, authorization?: string, apps: string[] = [], profileName = "zim") {
  const profile = publishedProfile(profileName);
  if (profile === undefined) throw new Error(profileName);
  const authenticator = createAuthenticator({ development: true, jwt: null, apps });
  const gate = createAuthGate({ authenticator, profile, apps, nowMs: () => 1_800_000_000_000 });
  const values = createContextValues();
  const requestHeader = new Headers(authorization === undefined ? {} : { authorization });
  try {
    await gate({ service: method.parent, method, requestHeader, values });
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    const [info] = error.findDetails(ErrorInfoSchema);
    return { code: error.code, reason: info?.reason, vendorCode: info?.metadata.vendor_code };
  }
  return values.get(identityKey) as Identity | undefined;
}

const alice = { appId: "demo", role: "user", userId: "alice", expiresAtMs: null };
const admin = { appId: "demo", role: "admin", userId: "", expiresAtMs: null };

describe("the gate", () => {
  test("tells the call who calls", async () => {
    expect(await call(login, "Bearer dev:demo:alice")).toEqual(alice);
    expect(await call(registerUsers, "bearer  dev-admin:demo")).toEqual(admin);
    expect(await call(getClock, "Bearer dev-admin:demo")).toEqual(admin);
  });

  test("refuses a call without a token", async () => {
    const missing = { code: Code.Unauthenticated, reason: "TOKEN_MISSING" };
    for (const header of [undefined, "", "Bearer", "Bearer ", "Basic YTpi", "dev:demo:alice"]) {
      expect(await call(login, header)).toMatchObject(missing);
      expect(await call(registerUsers, header)).toMatchObject(missing);
    }
  });

  test("refuses bad and expired tokens, with the vendor's numbers", async () => {
    const refused = (reason: string, vendorCode?: string) => ({ code: Code.Unauthenticated, reason, vendorCode });
    expect(await call(login, "Bearer nonsense")).toEqual(refused("TOKEN_INVALID", "6000103"));
    expect(await call(login, "Bearer dev@1:demo:alice")).toEqual(refused("TOKEN_EXPIRED", "6000106"));
    expect(await call(login, "Bearer nonsense", [], "standard")).toEqual(refused("TOKEN_INVALID"));
    expect(await call(login, `Bearer dev:demo:${"x".repeat(9_000)}`)).toMatchObject({ reason: "TOKEN_INVALID" });
  });

  test("GetServerInfo needs no token and takes either role, but no bad one", async () => {
    expect(await call(getServerInfo)).toBe(undefined);
    expect(await call(getServerInfo, "Bearer dev:demo:alice")).toEqual(alice);
    expect(await call(getServerInfo, "Bearer dev-admin:demo")).toEqual(admin);
    expect(await call(getServerInfo, "Bearer nonsense")).toMatchObject({ reason: "TOKEN_INVALID" });
  });

  test("each service is for its role", async () => {
    const wrong = { code: Code.PermissionDenied, reason: "WRONG_ROLE" };
    expect(await call(login, "Bearer dev-admin:demo")).toMatchObject(wrong);
    expect(await call(registerUsers, "Bearer dev:demo:alice")).toMatchObject(wrong);
    expect(await call(getClock, "Bearer dev:demo:alice")).toMatchObject(wrong);
  });

  test("only the listed apps are served", async () => {
    expect(await call(login, "Bearer dev:demo:alice", ["demo", "other"])).toEqual(alice);
    expect(await call(login, "Bearer dev:demo:alice", ["other"])).toMatchObject({ reason: "TOKEN_INVALID" });
    expect(await call(getServerInfo, "Bearer dev-admin:demo", ["other"])).toMatchObject({ reason: "TOKEN_INVALID" });
  });

  test("health and reflection are open, whatever the token", async () => {
    expect(await call(Health.method.check, "Bearer nonsense")).toBe(undefined);
    expect(await call(reflectionV1.ServerReflection.method.serverReflectionInfo)).toBe(undefined);
  });
});

test("the scheme is not case-sensitive, and nothing else is a bearer token", () => {
  expect(bearerToken("BEARER x.y ")).toBe("x.y");
  expect([bearerToken(null), bearerToken("Bearerx"), bearerToken("Token x")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("without any way to authenticate there is no server", () => {
  expect(() => createAuthenticator({ development: false, jwt: null, apps: [] })).toThrow("neither");
});
