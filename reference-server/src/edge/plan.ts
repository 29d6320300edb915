// Which services stand on which listener, and which claims follow from the configuration.
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";
import type { ServerConfig } from "../config/server-config.ts";
import { type Address, addressText } from "../config/values.ts";
import type { PresenceServer } from "../presence-server.ts";

/** What a listener is for. */
export type Role = "user" | "admin" | "testing";

export interface PlannedListener {
  /** One, or `admin` and `testing` where they share an address. */
  readonly roles: readonly Role[];
  readonly address: Address;
}

/** The listeners, that of the apps first. */
export function planListeners({ listen, adminListen, testingListen }: ServerConfig): readonly PlannedListener[] {
  const planned: PlannedListener[] = [{ roles: ["user"], address: listen }];
  if (adminListen !== null && testingListen !== null && addressText(adminListen) === addressText(testingListen)) {
    return [...planned, { roles: ["admin", "testing"], address: adminListen }];
  }
  if (adminListen !== null) planned.push({ roles: ["admin"], address: adminListen });
  if (testingListen !== null) planned.push({ roles: ["testing"], address: testingListen });
  return planned;
}

/** Claims beside those of the profile (SPEC §4). */
export function claimsOf({ auth, adminListen, testingListen }: ServerConfig): readonly string[] {
  return [
    "transport.connect",
    "transport.grpc",
    "transport.grpc_web",
    "codec.json",
    "http_get",
    "resume",
    ...(auth.apps.length === 0 ? ["multi_app"] : []),
    ...(adminListen === null ? [] : ["admin"]),
    ...(testingListen === null ? [] : ["test_clock"]),
  ];
}

/** The service of a role and its routes. */
export function serviceOf(
  role: Role,
  presence: PresenceServer,
): { readonly service: DescService; readonly routes: (router: ConnectRouter) => void } {
  switch (role) {
    case "user":
      return { service: UserStatusService, routes: presence.userRoutes };
    case "admin":
      return { service: AdminService, routes: presence.adminRoutes };
    case "testing":
      return { service: TestingService, routes: presence.testingRoutes };
  }
}
