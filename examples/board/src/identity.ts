// Who this tab is. It stands in the address, so that a second tab, or a bookmark, is the same person.
import { isUserId, type Platform } from "@userstatus/protocol";
import { platformOf, slugOf } from "./words.ts";

export interface Identity {
  readonly userId: string;
  readonly platform: Platform;
}

/** The app whose users the board shows. */
export const appId = "demo";

/** What a person typed, as a user id: `Maya Chen` is maya.chen. Undefined: it can't be one. */
export function toUserId(typed: string): string | undefined {
  const id = typed.trim().toLowerCase().replace(/\s+/g, ".");
  return isUserId(id) ? id : undefined;
}

/** `#/maya.chen/ios` */
export function toHash({ userId, platform }: Identity): string {
  return `#/${encodeURIComponent(userId)}/${slugOf(platform)}`;
}

/** Undefined: the address names nobody. */
export function fromHash(hash: string): Identity | undefined {
  const [, id = "", slug = ""] = /^#\/([^/]+)\/([a-z]+)$/.exec(hash) ?? [];
  const platform = platformOf(slug);
  const userId = toUserId(decode(id));
  return userId === undefined || platform === undefined ? undefined : { userId, platform };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** One device per storage, person and platform: the tabs of one person are one session. */
export function deviceIdOf({ platform }: Identity, storage: Storage): string {
  const key = "userstatus-board/browser";
  let browser = storage.getItem(key);
  if (browser === null) {
    browser = crypto.getRandomValues(new Uint32Array(3)).reduce((text, part) => text + part.toString(36), "");
    storage.setItem(key, browser);
  }
  return `${slugOf(platform)}-${browser}`;
}
