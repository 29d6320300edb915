export * from "./gen/userstatus/testing/v1/testing_service_pb.ts";
