// The peer of calls and openings: handlers with ready answers on the RPC library alone, without sessions, tokens, rates or a store.
// Protocol: prints {"url"} when it listens.
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import { answerOf } from "./peers/answers.ts";

const leaseMs = 75_000;
const handler = connectNodeAdapter({
  routes: (router) =>
    router.service(UserStatusService, {
      heartbeat: () => ({ lease: { seconds: BigInt(leaseMs / 1000), nanos: 0 } }),
      queryStatuses: ({ userIds }) => answerOf(userIds),
      async *watch(_request, { signal }) {
        yield { events: [{ event: { case: "hello", value: { epoch: "1" } } as const }] };
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    }),
});

const server = createServer({ settings: { maxConcurrentStreams: 1000 } }, handler);
server.on("sessionError", () => {});
server.listen(0, "127.0.0.1", 4096, () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
