import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { publishedProfile, UserStatusService } from "@userstatus/protocol";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import { expect, test } from "vitest";
import { type CallOutcome, createCallObserver } from "./calls.ts";

function setup(thrown: unknown) {
  const profile = publishedProfile("zim");
  if (profile === undefined) throw new Error("no profile");
  const outcomes: Omit<CallOutcome, "durationMs">[] = [];
  const faults: unknown[] = [];
  const observer = createCallObserver({
    profile,
    onOutcome: ({ procedure, code, stream }) => outcomes.push({ procedure, code, stream }),
    onFault: (fault) => faults.push(fault),
  });
  const transport = createRouterTransport(
    (router) => {
      router.service(UserStatusService, {
        login: () => {
          if (thrown !== undefined) throw thrown;
          return {};
        },
        async *watch() {
          yield {};
          if (thrown !== undefined) throw thrown;
        },
      });
    },
    { router: { interceptors: [observer.interceptor] } },
  );
  return { client: createClient(UserStatusService, transport), outcomes, faults };
}

const secret = new Error("the password is hunter2");
const procedure = (name: string) => `userstatus.v1.UserStatusService/${name}`;

async function failure(work: Promise<unknown>): Promise<{ code: Code; text: string; reason: string | undefined }> {
  const error = await work.then(
    () => expect.fail("expected a refusal"),
    (thrown: unknown) => ConnectError.from(thrown),
  );
  const [info] = error.findDetails(ErrorInfoSchema);
  expect(info?.metadata.vendor_code).toBe(info === undefined ? undefined : "6000007");
  return { code: error.code, text: error.rawMessage, reason: info?.reason };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count++;
  return count;
}

test("calls that go well are counted", async () => {
  const { client, outcomes, faults } = setup(undefined);
  await client.login({});
  expect(await readAll(client.watch({}))).toBe(1);
  expect(outcomes).toEqual([
    { procedure: procedure("Login"), code: "ok", stream: false },
    { procedure: procedure("Watch"), code: "ok", stream: true },
  ]);
  expect(faults).toEqual([]);
});

test("a fault becomes INTERNAL, and nothing of it is told to the caller", async () => {
  const { client, outcomes, faults } = setup(secret);
  for (const work of [client.login({}), readAll(client.watch({}))]) {
    expect(await failure(work)).toEqual({ code: Code.Internal, text: "a fault of the server", reason: "INTERNAL" });
  }
  expect(outcomes.map(({ code }) => code)).toEqual(["internal", "internal"]);
  expect(faults).toEqual([secret, secret]);
});

test("a refusal passes as it is and is no fault", async () => {
  const { client, outcomes, faults } = setup(new ConnectError("not now", Code.FailedPrecondition));
  for (const work of [client.login({}), readAll(client.watch({}))]) {
    expect(await failure(work)).toMatchObject({ code: Code.FailedPrecondition, text: "not now" });
  }
  expect(outcomes.map(({ code }) => code)).toEqual(["failed_precondition", "failed_precondition"]);
  expect(faults).toEqual([]);
});
