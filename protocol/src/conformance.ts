export * from "./gen/userstatus/conformance/v1/report_pb.ts";
