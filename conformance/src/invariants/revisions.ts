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

/** What was seen of one user in one view, the newest last. */
type Known = { readonly revision: bigint; readonly content: Content }[];

/** One (app, epoch, view): most checks have one of their own. */
interface View {
  readonly key: string;
  readonly users: Map<string, Known>;
}

/** Views kept; the one seen first is forgotten, and no longer compared. */
const viewsMax = 64;
const usersMax = 10_000;
/** Revisions kept of each user. */
const revisionsMax = 16;

export function createRevisionBook({ observed, violated }: Told): RevisionBook {
  const views = new Map<string, View>();
  let newest: View | undefined;
  let risen = 0;

  const viewOf = (key: string): View => {
    // One answer tells of many users: the view is mostly the one of the status before.
    if (newest?.key === key) return newest;
    let view = views.get(key);
    if (view === undefined) {
      view = { key, users: new Map() };
      forgetOldest(views, viewsMax);
      views.set(key, view);
    }
    newest = view;
    return view;
  };
  const put = (at: Sighting, view: View, userId: string, revision: bigint, content: Content): void => {
    const known = view.users.get(userId);
    if (known === undefined) {
      forgetOldest(view.users, usersMax);
      view.users.set(userId, [{ revision, content }]);
      return;
    }
    const before = known.findLast((entry) => entry.revision === revision);
    if (before === undefined) {
      risen++;
      if (known.length >= revisionsMax) known.shift();
      known.push({ revision, content });
      return;
    }
    // Counts only once revisions have been seen to rise: a server that always answers the same has shown nothing.
    if (risen > 0) observed("rev-change");
    // The text of a content is made only here: most statuses are seen once.
    const [expected, got] = [contentOf(before.content), contentOf(content)];
    if (expected === got) return;
    const what = `revision ${revision} of ${userId} (view: ${view.key.split("\n")[0]}) must have one content only`;
    violated("rev-change", at, { what, expected, got });
  };
  return {
    status: (at, epoch, status, view) => {
      if (status.userId === "") return;
      put(at, viewOf(`${view}\n${at.app}\n${epoch}`), status.userId, status.revision, status);
    },
    self: (at, epoch, self) => {
      const { userId = "", revision = 0n } = self.status ?? {};
      if (userId === "") return;
      put(at, viewOf(`self\n${at.app}\n${epoch}`), userId, revision, self);
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
