// grpc.reflection v1 and v1alpha: lets tools such as `buf curl` and `grpcurl` call without proto files.
import type { DescService } from "@bufbuild/protobuf";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { reflectionV1, reflectionV1Alpha } from "@userstatus/protocol/rpc";
import { createReflectionIndex, type ReflectionIndex } from "./reflection-index.ts";

/** What is asked and what is answered; the same in both versions. */
type Question =
  | reflectionV1.ServerReflectionRequest["messageRequest"]
  | reflectionV1Alpha.ServerReflectionRequest["messageRequest"];
type Answer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/** Adds both versions of the service to a router. `services`: those that the listener serves, without reflection itself. */
export function createReflectionRoutes(services: readonly DescService[]): (router: ConnectRouter) => void {
  const all = [...services, reflectionV1.ServerReflection, reflectionV1Alpha.ServerReflection];
  const index = createReflectionIndex(all);
  return (router) => {
    router.service(reflectionV1.ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield reply(request, index);
      },
    });
    router.service(reflectionV1Alpha.ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield reply(request, index);
      },
    });
  };
}

function reply<R extends { host: string; messageRequest: Question }>(
  request: R,
  index: ReflectionIndex,
): { validHost: string; originalRequest: R; messageResponse: Answer } {
  return {
    validHost: request.host,
    originalRequest: request,
    messageResponse: answer(request.messageRequest, index),
  };
}

function answer(question: Question, index: ReflectionIndex): Answer {
  switch (question.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: index.serviceNames.map((name) => ({ name })) } };
    case "fileByFilename":
      return files(index.byFile(question.value), question.value);
    case "fileContainingSymbol":
      return files(index.bySymbol(question.value), question.value);
    case "fileContainingExtension":
      // The protocol has no extensions.
      return files(undefined, `${question.value.containingType} extension ${question.value.extensionNumber}`);
    case "allExtensionNumbersOfType":
      if (!index.hasMessage(question.value)) return files(undefined, question.value);
      return { case: "allExtensionNumbersResponse", value: { baseTypeName: question.value, extensionNumber: [] } };
    default:
      return failure(Code.InvalidArgument, "the request asks nothing");
  }
}

function files(found: readonly Uint8Array[] | undefined, asked: string): Answer {
  if (found === undefined) return failure(Code.NotFound, `not found: ${asked.slice(0, 256)}`);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: [...found] } };
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
