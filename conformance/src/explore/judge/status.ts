// Whether a status is what the model allows: its content, and its revision against all that was seen before.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type SelfStatus, SelfView, type UserStatus } from "@userstatus/protocol";
import { instantOf } from "../../units.ts";
import { Finding } from "../finding.ts";
import type { AppState, UserState } from "../model/state.ts";
import type { Content, ViewBook } from "../model/views.ts";
import { onlineName, platformName } from "../names.ts";

const revisionsEnd = 2n ** 53n;

/** A status as others see the user, now. `where` says who was told, for people. */
export function judgeStatus(
  app: AppState,
  user: UserState,
  status: UserStatus,
  where: string,
  requirement: string,
): void {
  const { others } = user;
  const what = `the status of ${user.id} ${where}`;
  judgeContent(app, others, status, what, requirement);
  judgeTimes(app, status, what, app.rules.timesShown);
  judgeRevision(others, status.revision, what, requirement, true);
}

/** One's own status, now. */
export function judgeSelf(
  app: AppState,
  user: UserState,
  self: SelfStatus | undefined,
  where: string,
  requirement: string,
): void {
  const what = `the self status of ${user.id} ${where}`;
  if (self?.status === undefined) throw new Finding([requirement], what, "a self status", "none");
  judgeContent(app, user.self, self.status, what, requirement, "watch-self-view");
  judgeSessions(app, user, self, what);
  const timesShown = app.rules.timesShown && app.rules.selfView !== SelfView.PLATFORMS;
  judgeTimes(app, self.status, what, timesShown, "watch-self-view");
  judgeRevision(user.self, self.status.revision, what, requirement, false);
}

function judgeContent(
  app: AppState,
  book: ViewBook,
  status: UserStatus,
  what: string,
  requirement: string,
  view?: string,
): void {
  const expected = book.content;
  if (expected === undefined) return;
  const got = contentOf(status);
  const fault = (field: keyof Content, ...own: string[]): void => {
    if (String(expected[field]) === String(got[field])) return;
    const views = view === undefined ? [] : [view];
    // What changed it last is the likeliest, save where the field has rules of its own.
    const isOwn = field === "platforms" || field === "onlineMs" || field === "textMs";
    const reasons = isOwn ? [...own, ...views, book.why, requirement] : [book.why, ...own, ...views, requirement];
    throw new Finding(reasons, what, contentText(expected), contentText(got));
  };
  fault("online", "online-any");
  fault("platforms", "online-platforms");
  fault("text", "custom-set");
  if (!app.timed) return;
  fault("textEndMs", "custom-ttl", "custom-default-ttl", "custom-again");
  if (expected.onlineMs !== undefined) fault("onlineMs", "online-times");
  if (expected.textMs !== undefined) fault("textMs", "online-times");
}

function judgeSessions(app: AppState, user: UserState, self: SelfStatus, what: string): void {
  const expected = user.self.content?.sessions ?? [];
  const line = (id: string, device: string, platform: number, ms: number | undefined): string =>
    `${id} on ${device} (${platform})${app.timed ? ` since ${ms}` : ""}`;
  const wanted = expected
    .map((session) => line(session.id, session.device, session.platform, session.loginMs))
    .join("; ");
  const got = self.sessions
    .map((session) => line(session.sessionId, session.deviceId, session.platform, instantOf(session.loginTime)))
    .join("; ");
  if (wanted === got) return;
  const requirements = ["watch-self-view", user.self.why, "session-limit", "login-same-device"];
  throw new Finding(requirements, `the sessions in ${what}`, wanted || "none", got || "none");
}

function judgeTimes(app: AppState, status: UserStatus, what: string, shown: boolean, view?: string): void {
  const [update, online, text] = [status.updateTime, status.onlineStatusUpdateTime, status.customStatusUpdateTime];
  const requirements = view === undefined ? ["online-times"] : [view, "online-times"];
  if (!shown) {
    if ((update ?? online ?? text) === undefined) return;
    throw new Finding(requirements, `the times in ${what}`, "none", timesText([update, online, text]));
  }
  if (!app.timed) return;
  for (const time of [update, online, text]) {
    if (time !== undefined && time.nanos % 1_000_000 !== 0)
      throw new Finding(["time-server"], `a time in ${what}`, "whole milliseconds", `${time.nanos} ns`);
  }
  const least = Math.max(instantOf(online) ?? 0, instantOf(text) ?? 0);
  const got = instantOf(update);
  if (least === 0 || (got !== undefined && got >= least && got <= app.nowMs)) return;
  const expected = `update_time from ${least} to ${app.nowMs}`;
  throw new Finding(requirements, `the times in ${what}`, expected, timesText([update, online, text]));
}

/** Revisions of what others see stay the same while nothing changes (online-quiet); one's own may rise. */
function judgeRevision(book: ViewBook, revision: bigint, what: string, requirement: string, quiet: boolean): void {
  const said = `the revision of ${what}`;
  if (revision < 0n || revision >= revisionsEnd)
    throw new Finding(["rev-safe"], said, "at least 0 and below 2^53", String(revision));
  if (revision <= book.older) {
    const expected = `more than ${book.older}, which an older status has had`;
    throw new Finding([requirement, "rev-change", book.why, "rev-safe"], said, expected, String(revision));
  }
  if (quiet && book.revision !== undefined && revision !== book.revision) {
    const expected = `${book.revision}: nothing has changed since that was told`;
    throw new Finding(["online-quiet", "rev-change", requirement], said, expected, String(revision));
  }
  if (book.revision === undefined || revision > book.revision) book.revision = revision;
}

export function contentOf(status: UserStatus): Content {
  const custom = status.customStatus;
  return {
    online: status.onlineStatus,
    platforms: status.onlinePlatforms,
    text: custom === undefined || custom.text === "" ? undefined : custom.text,
    textEndMs: custom === undefined || custom.text === "" ? undefined : instantOf(custom.expireTime),
    onlineMs: instantOf(status.onlineStatusUpdateTime),
    textMs: instantOf(status.customStatusUpdateTime),
  };
}

/** What others can tell apart, without times. */
export function sameLook(a: Content, b: Content): boolean {
  return a.online === b.online && String(a.platforms) === String(b.platforms) && a.text === b.text;
}

export function contentText({ online, platforms, text, textEndMs, onlineMs, textMs }: Content): string {
  const parts = [onlineName(online)];
  if (platforms.length > 0) parts.push(`on ${platforms.map(platformName).join(" and ")}`);
  parts.push(
    text === undefined ? "no text" : `text ${JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)}`,
  );
  if (textEndMs !== undefined) parts.push(`until ${textEndMs}`);
  if (onlineMs !== undefined) parts.push(`online status since ${onlineMs}`);
  if (textMs !== undefined) parts.push(`text changed at ${textMs}`);
  return parts.join(", ");
}

function timesText(times: readonly (Timestamp | undefined)[]): string {
  return times.map((time) => String(instantOf(time) ?? "unset")).join(", ");
}
