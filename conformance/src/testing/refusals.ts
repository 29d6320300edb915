// Refusals as they come over the wire: details encoded.
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";

export function incomingRefusal(code: Code, info: MessageInitShape<typeof ErrorInfoSchema>): ConnectError {
  const error = new ConnectError("refused", code);
  error.details = [{ type: ErrorInfoSchema.typeName, value: toBinary(ErrorInfoSchema, create(ErrorInfoSchema, info)) }];
  return error;
}
