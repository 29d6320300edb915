// Where walks begin: without an opening most would spend their steps on logging in, and seldom come to friends, caps or resuming.
import { Platform } from "@userstatus/protocol";
import type { Step } from "./steps.ts";
import { crowdMax, type Ground } from "./walk/ground.ts";

/** The first is the one that shrinking prefers. */
export function openings({ rules, timed, hasAdmin, sharedApp }: Ground): (readonly Step[])[] {
  const all: (readonly Step[])[] = [[], watching, watching, devices, resuming];
  if (timed) all.push(leaving);
  if (hasAdmin && sharedApp === undefined && rules.claims.has("friends")) all.push(friends);
  if (hasAdmin && rules.rows.cap <= crowdMax) all.push(full);
  return all;
}

const phone: Step = { do: "login", user: 0, device: 0, platform: Platform.ANDROID };
const tablet: Step = { do: "login", user: 1, device: 0, platform: Platform.IOS };
const tab: Step = { do: "login", user: 2, device: 0, platform: Platform.WEB };
const onPhone: Step = { do: "watch", user: 0, device: 0, cursor: "none", apart: false };
const onTablet: Step = { do: "watch", user: 1, device: 0, cursor: "none", apart: false };
const rows: Step = { do: "subscribe", user: 1, device: 0, ids: [0, 2], list: "these", ttl: "usual" };

/** Bob watches alice and carol. */
const watching: readonly Step[] = [phone, onPhone, tablet, onTablet, rows, tab];

/** Alice has two devices with a Watch each, bob watches her. */
const devices: readonly Step[] = [
  phone,
  onPhone,
  { do: "login", user: 0, device: 1, platform: Platform.WEB },
  { do: "watch", user: 0, device: 1, cursor: "none", apart: false },
  tablet,
  onTablet,
  rows,
];

/** Bob has been away since his last cursor, or is about to be. */
const resuming: readonly Step[] = [
  phone,
  tab,
  tablet,
  onTablet,
  rows,
  { do: "set", user: 0, device: 0, text: "a", ttl: "short" },
  { do: "watch", user: 1, device: 0, cursor: "newest", apart: false },
];

/** Alice's link is away, and a text of hers runs. */
const leaving: readonly Step[] = [
  phone,
  onPhone,
  { do: "set", user: 0, device: 0, text: "b", ttl: "usual" },
  tablet,
  onTablet,
  rows,
  { do: "close", user: 0, device: 0 },
];

/** Bob is told of alice and carol as friends, and has a row to alice. */
const friends: readonly Step[] = [
  { do: "friends", user: 1, ids: [0, 2] },
  { do: "feature", feature: "friendNotifications", on: true },
  phone,
  tablet,
  onTablet,
  { do: "subscribe", user: 1, device: 0, ids: [0, 3], list: "these", ttl: "usual" },
];

/** Bob's list is full. */
const full: readonly Step[] = [phone, tablet, onTablet, rows, { do: "fill", user: 1, device: 0 }];
