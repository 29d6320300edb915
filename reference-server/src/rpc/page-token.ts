// Page tokens of ListSubscriptions: the last user_id given, bound to the user and the filter (SPEC list-pages).
import { crc32 } from "node:zlib";
import { isUserId } from "@userstatus/protocol";
import { Refused } from "../core/refused.ts";

/** The token after a page that ended with this user. */
export function writePageToken(lastUserId: string, scope: string): string {
  const checksum = crc32(`${scope}\n${lastUserId}`).toString(16).padStart(8, "0");
  return Buffer.from(`${checksum}${lastUserId}`).toString("base64url");
}

/** The user to go on after; undefined: from the start. Refuses a token that this call never gave. */
export function readPageToken(token: string, scope: string): string | undefined {
  if (token === "") return undefined;
  const text = Buffer.from(token, "base64url").toString();
  const lastUserId = text.slice(8);
  if (!isUserId(lastUserId) || writePageToken(lastUserId, scope) !== token) {
    throw new Refused("MALFORMED_PAGE_TOKEN", "this call gave no such page token");
  }
  return lastUserId;
}
