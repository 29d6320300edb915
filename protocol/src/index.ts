// What apps and servers need of the protocol. Admin, testing and the standard services have entry points of their own.
export * from "./errors.ts";
export * from "./gen/userstatus/v1/errors_pb.ts";
export * from "./gen/userstatus/v1/profile_pb.ts";
export * from "./gen/userstatus/v1/status_pb.ts";
export * from "./gen/userstatus/v1/user_status_service_pb.ts";
export * from "./gen/userstatus/v1/watch_pb.ts";
export * from "./profiles.ts";
export * from "./requirements.ts";
export * from "./user-ids.ts";
