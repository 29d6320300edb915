// Within (app, epoch, user, view): equal revisions have equal content, in every answer and on every stream (SPEC §13: rev-change).
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { SelfStatus, UserStatus } from "@userstatus/protocol";
import type { Observer, Sighting } from "./observer.ts";

export interface RevisionBook {
  readonly status: (at: Sighting, epoch: string, status: UserStatus, view: string) => void;
  readonly self: (at: Sighting, epoch: string, self: SelfStatus) => void;
}

type Told = Pick<Observer, "observed" | "violated">;

/** Users of an app kept; the one seen first is forgotten, and no longer compared. */
const usersMax = 50_000;
/** Revisions kept of each. */
const revisionsMax = 16;

interface Known {
  readonly contents: Map<bigint, string>;
}

export function createRevisionBook({ observed, violated }: Told): RevisionBook {
  const users = new Map<string, Known>();
  let risen = 0;

  const put = (at: Sighting, key: string, name: string, revision: bigint, content: string): void => {
    const known = users.get(key);
    if (known === undefined) {
      forgetOldest(users, usersMax);
      users.set(key, { contents: new Map([[revision, content]]) });
      return;
    }
    const before = known.contents.get(revision);
    if (before === undefined) {
      risen++;
      forgetOldest(known.contents, revisionsMax);
      known.contents.set(revision, content);
      return;
    }
    // Counts only once revisions have been seen to rise: a server that always answers the same has shown nothing.
    if (risen > 0) observed("rev-change");
    if (before === content) return;
    violated("rev-change", at, {
      what: `revision ${revision} of ${name} must have one content only`,
      expected: before,
      got: content,
    });
  };
  return {
    status: (at, epoch, status, view) => {
      if (status.userId === "") return;
      const key = `${status.userId}\n${view}\n${at.app}\n${epoch}`;
      put(at, key, `${status.userId} (view: ${view})`, status.revision, statusContent(status));
    },
    self: (at, epoch, self) => {
      if (self.status === undefined || self.status.userId === "") return;
      const sessions = self.sessions.map((session) => `${session.sessionId}/${session.deviceId}/${session.platform}`);
      const key = `${self.status.userId}\nself\n${at.app}\n${epoch}`;
      const content = `${statusContent(self.status)}, sessions [${sessions.join(" ")}]`;
      put(at, key, `${self.status.userId} (view: self)`, self.status.revision, content);
    },
  };
}

function forgetOldest<K>(map: Map<K, unknown>, max: number): void {
  if (map.size < max) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

/** Everything that a status shows, on one line. */
export function statusContent(status: UserStatus): string {
  const { onlineStatus, onlinePlatforms, customStatus } = status;
  const text =
    customStatus === undefined || customStatus.text === ""
      ? "no text"
      : `text ${JSON.stringify(customStatus.text)} until ${instant(customStatus.expireTime)}`;
  const times = `${instant(status.updateTime)} ${instant(status.onlineStatusUpdateTime)} ${instant(status.customStatusUpdateTime)}`;
  return `online ${onlineStatus}, platforms [${onlinePlatforms.join(" ")}], ${text}, times ${times}`;
}

function instant(time: Timestamp | undefined): string {
  return time === undefined ? "-" : `${time.seconds}s+${time.nanos}ns`;
}
