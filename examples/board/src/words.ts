// The words and numbers that people read. Pure.
import { OnlineStatus, Platform, SubscriptionEndReason } from "@userstatus/protocol";

export const platforms: readonly { readonly platform: Platform; readonly slug: string; readonly name: string }[] = [
  { platform: Platform.WEB, slug: "web", name: "Web" },
  { platform: Platform.IOS, slug: "ios", name: "iPhone" },
  { platform: Platform.ANDROID, slug: "android", name: "Android" },
  { platform: Platform.IPADOS, slug: "ipados", name: "iPad" },
  { platform: Platform.MACOS, slug: "macos", name: "Mac" },
  { platform: Platform.WINDOWS, slug: "windows", name: "Windows" },
  { platform: Platform.LINUX, slug: "linux", name: "Linux" },
  { platform: Platform.OHOS, slug: "ohos", name: "OpenHarmony" },
  { platform: Platform.MINI_PROGRAM, slug: "mini", name: "Mini-program" },
  { platform: Platform.OTHER, slug: "other", name: "Other" },
];

/** In addresses. */
export function slugOf(platform: Platform): string {
  return platforms.find((each) => each.platform === platform)?.slug ?? "other";
}

export function platformOf(slug: string): Platform | undefined {
  return platforms.find((each) => each.slug === slug)?.platform;
}

/** Numbers of newer servers are other platforms. */
export function platformName(platform: number): string {
  return platforms.find((each) => each.platform === platform)?.name ?? "Other";
}

export type Presence = "online" | "offline" | "logged-out" | "unknown";

export function toPresence(status: OnlineStatus | undefined): Presence {
  switch (status) {
    case OnlineStatus.ONLINE:
      return "online";
    case OnlineStatus.OFFLINE:
      return "offline";
    case OnlineStatus.LOGGED_OUT:
      return "logged-out";
    default:
      return "unknown";
  }
}

export const presenceNames: Readonly<Record<Presence, string>> = {
  online: "Online",
  offline: "Offline",
  "logged-out": "Logged out",
  unknown: "Unknown",
};

/** maya.chen is Maya Chen. */
export function displayName(userId: string): string {
  const words = userId.split(/[._\-\s]+/).filter((word) => word !== "");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ") || userId;
}

/** One or two letters for a portrait. */
export function initials(userId: string): string {
  const words = displayName(userId).split(" ");
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  return `${words[0]?.charAt(0) ?? ""}${last.charAt(0)}`.toUpperCase();
}

export function endReason(reason: SubscriptionEndReason): string {
  switch (reason) {
    case SubscriptionEndReason.EXPIRED:
      return "Time ran out";
    case SubscriptionEndReason.EVICTED:
      return "Made room for a newer one";
    case SubscriptionEndReason.UNSUBSCRIBED:
      return "Unsubscribed";
    case SubscriptionEndReason.REJECTED:
      return "No longer allowed";
    case SubscriptionEndReason.TARGET_GONE:
      return "User was deleted";
    case SubscriptionEndReason.FEATURE_DISABLED:
      return "Switched off for this app";
    case SubscriptionEndReason.UNFRIENDED:
      return "No longer friends";
    default:
      return "Ended while away";
  }
}

const units: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** 3,600,000 is `1 hour`. Whole units only; else the largest that fits, rounded down. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [size, name] = units.find(([unit]) => seconds >= unit) ?? ([1, "second"] as const);
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** What is left: `0:07`, `4:32`, `2 h 05 min`, `3 d 4 h`. Rounded up, so that 0:00 is the end. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (part: number): string => String(part).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.ceil(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

const refusals: Readonly<Record<string, string>> = {
  USER_NOT_FOUND: "has never logged in",
  SELF_NOT_ALLOWED: "is you",
  CUSTOM_STATUS_TOO_LONG: "The text is too long",
  TTL_OUT_OF_RANGE: "That duration is not allowed here",
  RATE_LIMITED: "Too often; wait a moment",
  INVALID_USER_ID: "That is not a name that can be",
  UNREACHABLE: "The server was not reached",
  TIMED_OUT: "The server did not answer in time",
  NOT_CONNECTED: "There is no connection",
  FEATURE_DISABLED: "This is switched off for the app",
  PLAN_REQUIRED: "The app's plan does not include this",
};

/** A refusal for people; the reason itself where there are no better words. */
export function refusalText(reason: string): string {
  return refusals[reason] ?? reason;
}
