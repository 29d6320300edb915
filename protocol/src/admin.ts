export * from "./gen/userstatus/admin/v1/admin_service_pb.ts";
