import { expect, test } from "vitest";
import { createDevelopmentAuthenticator, isDevelopmentToken } from "./development.ts";

const nowMs = 1_800_000_000_000;
const { authenticate } = createDevelopmentAuthenticator();
const judge = (token: string) => authenticate(token, nowMs);

function user(appId: string, userId: string, expiresAtMs: number | null = null) {
  return { identity: { appId, role: "user", userId, expiresAtMs } };
}

test("a development token says who one is", async () => {
  expect(await judge("dev:demo:alice")).toEqual(user("demo", "alice"));
  expect(await judge("dev:demo:a:b:c=#")).toEqual(user("demo", "a:b:c=#"));
  expect(await judge("dev-admin:demo")).toEqual({
    identity: { appId: "demo", role: "admin", userId: "", expiresAtMs: null },
  });
});

test("it may have an expiry, with a fraction, and is expired from then on", async () => {
  expect(await judge("dev@1800000000.25:demo:bob")).toEqual(user("demo", "bob", nowMs + 250));
  expect(await judge("dev@1800000000:demo:bob")).toMatchObject({ refused: { reason: "TOKEN_EXPIRED" } });
  expect(await judge("dev@1799999999.999:demo:bob")).toMatchObject({ refused: { reason: "TOKEN_EXPIRED" } });
  expect(await judge("dev@999999999999:demo:bob")).toEqual(user("demo", "bob", Date.parse("9999-12-31T23:59:59.999Z")));
});

test.each([
  "dev:demo",
  "dev:demo:",
  "dev::alice",
  "dev:de mo:alice",
  "dev:demo:ali ce",
  `dev:${"x".repeat(33)}:alice`,
  `dev:demo:${"x".repeat(33)}`,
  "dev@:demo:alice",
  "dev@soon:demo:alice",
  "dev@-1:demo:alice",
  "dev-admin:",
  "dev-admin:a:b",
  "devdemo:alice",
  "",
])("%j is no good", async (token) => {
  expect(await judge(token)).toMatchObject({ refused: { reason: "TOKEN_INVALID" } });
});

test("a JWT is not mistaken for one", () => {
  expect(isDevelopmentToken("dev:demo:alice")).toBe(true);
  expect(isDevelopmentToken("eyJhbGciOiJIUzI1NiJ9.e30.x")).toBe(false);
});
