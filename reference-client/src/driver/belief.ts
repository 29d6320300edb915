// What the client believes, as the process contract has it.
import { OnlineStatus, type UserStatus } from "@userstatus/protocol";
import type { UserStatusClient } from "../index.ts";

const onlineNames: ReadonlyMap<number, string> = new Map(
  Object.entries(OnlineStatus).map(([name, number]) => [number, name]),
);

/** The answer to `state`. */
export function beliefOf({ connectionState, self, statuses, subscriptions }: UserStatusClient): object {
  return {
    connection: connectionState,
    ...(self?.status === undefined ? {} : { self: statusOf(self.status) }),
    statuses: Object.fromEntries([...statuses].map(([userId, status]) => [userId, statusOf(status)])),
    subscriptions: Object.fromEntries(
      [...subscriptions].map(([userId, { generation }]) => [userId, { generation: Number(generation) }]),
    ),
  };
}

function statusOf({ revision, onlineStatus, customStatus }: UserStatus): object {
  return {
    revision: Number(revision),
    online: onlineNames.get(onlineStatus) ?? String(onlineStatus),
    ...(customStatus === undefined ? {} : { text: customStatus.text }),
  };
}
