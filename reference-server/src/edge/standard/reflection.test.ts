import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { reflectionV1, reflectionV1Alpha } from "@userstatus/protocol/rpc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EdgeServer, startEdgeServer } from "../../testing/edge-server.ts";

let server: EdgeServer;
beforeAll(async () => {
  server = await startEdgeServer();
});
afterAll(() => server.stop());

type Question = reflectionV1.ServerReflectionRequest["messageRequest"];

/** The answers to these questions, asked on one stream. */
async function ask(service: "v1" | "v1alpha", ...questions: Question[]) {
  const transport = createGrpcTransport({ baseUrl: server.urls.url });
  const desc = (service === "v1" ? reflectionV1 : reflectionV1Alpha)
    .ServerReflection as typeof reflectionV1.ServerReflection;
  const client: Client<typeof reflectionV1.ServerReflection> = createClient(desc, transport);
  const requests = async function* () {
    for (const messageRequest of questions) yield { host: "h", messageRequest };
  };
  const answers: reflectionV1.ServerReflectionResponse["messageResponse"][] = [];
  for await (const answer of client.serverReflectionInfo(requests())) {
    expect([answer.validHost, answer.originalRequest?.host]).toEqual(["h", "h"]);
    answers.push(answer.messageResponse);
  }
  return answers;
}

describe.each(["v1", "v1alpha"] as const)("reflection %s", (version) => {
  test("lists the services of the listener", async () => {
    const [answer] = await ask(version, { case: "listServices", value: "" });
    expect(answer?.case === "listServicesResponse" && answer.value.service.map(({ name }) => name)).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "userstatus.v1.UserStatusService",
    ]);
  });

  test.each([
    ["fileByFilename", "userstatus/v1/user_status_service.proto"],
    ["fileContainingSymbol", "userstatus.v1.UserStatusService"],
    ["fileContainingSymbol", "userstatus.v1.UserStatusService.Watch"],
    ["fileContainingSymbol", "userstatus.v1.LoginRequest"],
    ["fileContainingSymbol", "userstatus.v1.LoginRequest.device_id"],
    ["fileContainingSymbol", "userstatus.v1.CLOCK_SCOPE_APP"],
  ] as const)("%s %s gives the file with all that it needs", async (kind, value) => {
    const [answer] = await ask(version, { case: kind, value });
    if (answer?.case !== "fileDescriptorResponse") return expect.fail(answer?.case);
    const file = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    expect(file[0]?.name).toBe("userstatus/v1/user_status_service.proto");
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
    expect(registry.getService("userstatus.v1.UserStatusService")?.methods).toHaveLength(11);
  });

  test("what there is not is told, and the stream goes on", async () => {
    const answers = await ask(
      version,
      { case: "fileByFilename", value: "no.proto" },
      { case: "fileContainingSymbol", value: "no.Such" },
      { case: "fileContainingExtension", value: { containingType: "no.Such", extensionNumber: 1 } as never },
      { case: "allExtensionNumbersOfType", value: "no.Such" },
      { case: undefined },
      { case: "allExtensionNumbersOfType", value: "userstatus.v1.LoginRequest" },
    );
    const codes = answers.map((answer) => (answer.case === "errorResponse" ? answer.value.errorCode : answer.case));
    const { NotFound, InvalidArgument } = Code;
    expect(codes).toEqual([NotFound, NotFound, NotFound, NotFound, InvalidArgument, "allExtensionNumbersResponse"]);
  });
});
