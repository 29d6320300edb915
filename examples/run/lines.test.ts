import { expect, it } from "vitest";
import { isDefined } from "./lines.ts";

it.each([
  "login dave",
  "hello RESET",
  "online alice",
  'online alice "say \\"hi\\" \\\\o/\\n– ☕"',
  "logged-out bob",
  "ended bob 99",
  'self "hi"',
  "self",
  "bye",
])("is defined: %s", (line) => expect(isDefined(line)).toBe(true));

it.each([
  "",
  "online",
  "online alice hi",
  'online alice ""',
  'online alice "say "hi""',
  "hello reset",
  "ONLINE alice",
  "logged_out bob",
  "unspecified bob",
  "bye ",
])("is not: %s", (line) => {
  expect(isDefined(line)).toBe(false);
});
