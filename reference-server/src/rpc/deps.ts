// What the methods of the services work with.
import type { QueryResult } from "@userstatus/protocol";
import type { UserRecord } from "../core/model.ts";
import type { Rules } from "../core/rules.ts";
import type { StatusOf } from "../core/shared-status.ts";
import type { Store } from "../store/store.ts";
import type { Hub } from "../watch/hub.ts";
import type { Gatekeeper } from "./gate.ts";

export interface ServiceDeps {
  readonly store: Store;
  readonly rules: Rules;
  readonly hub: Hub;
  readonly gatekeeper: Gatekeeper;
  /** The status as others see it: never to be changed. */
  readonly statusOf: StatusOf;
  /** What QueryStatuses tells of a record: never to be changed. */
  readonly resultOf: (record: Readonly<UserRecord>) => QueryResult;
}
