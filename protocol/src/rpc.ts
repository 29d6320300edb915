// Definitions of others that travel with the protocol: error details, health, reflection.
export * from "./gen/google/rpc/error_details_pb.ts";
export * from "./gen/google/rpc/status_pb.ts";
export * from "./gen/grpc/health/v1/health_pb.ts";
export * as reflectionV1 from "./gen/grpc/reflection/v1/reflection_pb.ts";
export * as reflectionV1Alpha from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
