// Within (app, epoch, user, view): equal revisions have equal content, in every answer and on every stream
// (SPEC §13: rev-change).
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { SelfStatus, UserStatus } from "@userstatus/protocol";
import type { Observer, Sighting } from "./observer.ts";

export interface RevisionBook {
  readonly status: (at: Sighting, epoch: string, status: UserStatus, view: string) => void;
  readonly self: (at: Sighting, epoch: string, self: SelfStatus) => void;
}

type Told = Pick<Observer, "observed" | "violated">;
type Content = UserStatus | SelfStatus;

/** Users and views kept; the one seen first is forgotten, and no longer compared. */
const usersMax = 20_000;
/** Revisions kept of each. */
const revisionsMax = 16;

export function createRevisionBook({ observed, violated }: Told): RevisionBook {
  const users = new Map<string, Map<bigint, Content>>();
  let risen = 0;

  const put = (at: Sighting, key: string, name: string, revision: bigint, content: Content): void => {
    const known = users.get(key);
    if (known === undefined) {
      forgetOldest(users, usersMax);
      users.set(key, new Map([[revision, content]]));
      return;
    }
    const before = known.get(revision);
    if (before === undefined) {
      risen++;
      forgetOldest(known, revisionsMax);
      known.set(revision, content);
      return;
    }
    // Counts only once revisions have been seen to rise: a server that always answers the same has shown nothing.
    if (risen > 0) observed("rev-change");
    // The text of a content is made only here: most statuses are seen once.
    const [expected, got] = [contentOf(before), contentOf(content)];
    if (expected === got) return;
    violated("rev-change", at, { what: `revision ${revision} of ${name} must have one content only`, expected, got });
  };
  return {
    status: (at, epoch, status, view) => {
      const { userId, revision } = status;
      if (userId === "") return;
      put(at, `${userId}\n${view}\n${at.app}\n${epoch}`, `${userId} (view: ${view})`, revision, status);
    },
    self: (at, epoch, self) => {
      const { userId = "", revision = 0n } = self.status ?? {};
      if (userId === "") return;
      put(at, `${userId}\nself\n${at.app}\n${epoch}`, `${userId} (view: self)`, revision, self);
    },
  };
}

function forgetOldest<K>(map: Map<K, unknown>, max: number): void {
  if (map.size < max) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

function contentOf(content: Content): string {
  if (content.$typeName === "userstatus.v1.UserStatus") return statusContent(content);
  const sessions = content.sessions.map(({ sessionId, deviceId, platform }) => `${sessionId}/${deviceId}/${platform}`);
  const status = content.status === undefined ? "no status" : statusContent(content.status);
  return `${status}, sessions [${sessions.join(" ")}]`;
}

/** Everything that a status shows, on one line. */
export function statusContent(status: UserStatus): string {
  const { onlineStatus, onlinePlatforms, customStatus } = status;
  const hasText = customStatus !== undefined && customStatus.text !== "";
  const text = hasText
    ? `text ${JSON.stringify(customStatus.text)} until ${instant(customStatus.expireTime)}`
    : "no text";
  const times = [status.updateTime, status.onlineStatusUpdateTime, status.customStatusUpdateTime].map(instant);
  return `online ${onlineStatus}, platforms [${onlinePlatforms.join(" ")}], ${text}, times ${times.join(" ")}`;
}

function instant(time: Timestamp | undefined): string {
  return time === undefined ? "-" : `${time.seconds}s+${time.nanos}ns`;
}
