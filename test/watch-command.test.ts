// The line that a failure gives for its last Watch works as printed, from the root of this repository.
import { spawn } from "node:child_process";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { UserStatusService, WatchRequestSchema } from "@userstatus/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandOf } from "../conformance/src/transcript/command.ts";
import { root } from "../scripts/spec.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess();
});
afterAll(() => server.stop());

test.each([
  ["grpc", "transport.grpc"],
  ["connect", "transport.connect"],
])("over %s", { timeout: 30_000 }, async (_, claim) => {
  const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
  const { sessionId } = await createClient(UserStatusService, transport).login(
    { deviceId: "a", platform: 3 },
    { headers: { authorization: "Bearer dev:an-app:alice" } },
  );
  const message = { schema: WatchRequestSchema, value: create(WatchRequestSchema, { sessionId }) };
  const line = commandOf([{ kind: "call", at: 0, method: "Watch", who: "alice", message }], {
    url: server.url,
    app: "an-app",
    devTokens: true,
    claims: new Set([claim]),
  });
  expect(await untilHello(line ?? "")).toContain('"hello"');
});

/** What the line prints until the stream has begun, or until it ends. */
function untilHello(line: string): Promise<string> {
  const shell = spawn("sh", ["-c", line], { cwd: root, detached: true });
  let text = "";
  return new Promise((resolve) => {
    const look = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes('"hello"') && shell.pid !== undefined) process.kill(-shell.pid, "SIGTERM");
    };
    shell.stdout.on("data", look);
    shell.stderr.on("data", look);
    shell.on("close", () => resolve(text));
  });
}
