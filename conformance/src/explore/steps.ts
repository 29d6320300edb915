// The steps of a walk, as data: what a replay file holds and what people read. Users and devices are numbers; what they stand for is found when
// the step is done.

import { spoken } from "../units.ts";
import { platformName } from "./names.ts";
import { castNames } from "./walk/walk.ts";

/** A session: the one that the device of the user had last. */
export interface At {
  readonly user: number;
  readonly device: number;
}

export type TextPick = "" | "a" | "b" | "wide" | "longest" | "longest wide" | "too long" | "too long wide";
export type TtlPick = "none" | "usual" | "short" | "least" | "most" | "too short" | "too long";
/** What a list of ids has beside the users named. */
export type ListPick = "these" | "empty" | "longest" | "too long" | "malformed";
export type CursorPick = "none" | "newest" | "oldest" | "somebody else's" | "malformed";
export type MarkerPick = "one byte" | "longest" | "empty" | "too long" | "strange";
export type LoginFault = "no platform" | "no device" | "device too long" | "device of other characters";
export type Procedure =
  | "SetCustomStatus"
  | "QueryStatuses"
  | "Subscribe"
  | "Unsubscribe"
  | "Heartbeat"
  | "ListSubscriptions";
export type Feature = "plan" | "userStatus" | "friendNotifications";

export type Step =
  | ({ readonly do: "login"; readonly platform: number; readonly text?: TextPick; readonly ttl?: TtlPick } & At)
  /** A Login that must be refused. */
  | { readonly do: "bad login"; readonly user: number; readonly fault: LoginFault }
  | ({ readonly do: "logout" } & At)
  | ({ readonly do: "heartbeat" } & At)
  | ({ readonly do: "watch"; readonly cursor: CursorPick; readonly apart: boolean } & At)
  | ({ readonly do: "close" } & At)
  | ({ readonly do: "set"; readonly text: TextPick; readonly ttl: TtlPick } & At)
  | ({ readonly do: "query"; readonly ids: readonly number[]; readonly list: ListPick } & At)
  | ({ readonly do: "subscribe"; readonly ids: readonly number[]; readonly list: ListPick; readonly ttl: TtlPick } & At)
  | ({ readonly do: "unsubscribe"; readonly ids: readonly number[]; readonly list: ListPick | "all" | "unset" } & At)
  | ({
      readonly do: "list";
      readonly page: number;
      readonly ids: readonly number[];
      readonly list: ListPick | "bad token";
    } & At)
  | ({ readonly do: "sync"; readonly marker: MarkerPick } & At)
  /** A call with the token of `by`. */
  | ({ readonly do: "foreign"; readonly by: number; readonly procedure: Procedure } & At)
  /** Calls at one instant until one is refused; then, when its delay is over, one more. */
  | ({ readonly do: "burst"; readonly procedure: Procedure; readonly own: boolean } & At)
  /** Subscribes to as many as the cap allows, and one more. */
  | ({ readonly do: "fill" } & At)
  | { readonly do: "pass"; readonly ms: number; readonly hold: boolean }
  /** To just before, or to, the nth instant at which something falls due. */
  | { readonly do: "due"; readonly nth: number; readonly before: boolean; readonly hold: boolean }
  | { readonly do: "friends"; readonly user: number; readonly ids: readonly number[] }
  | { readonly do: "feature"; readonly feature: Feature; readonly on: boolean }
  | { readonly do: "end sessions"; readonly user: number; readonly device: number | "all" }
  | { readonly do: "delete"; readonly user: number }
  | { readonly do: "register"; readonly user: number }
  /** The backend looks at everybody. */
  | { readonly do: "audit" };

export function nameAt(user: number): string {
  return castNames[user] ?? `user ${user}`;
}

/** The last of the usual three is as long as it may be (id-device). */
export function deviceName(device: number): string {
  return device === 2 ? "device-2-!#$%&()+:;<=.>?@[]^_{}|~".padEnd(64, "~") : `device-${device}`;
}

/** One line for people. */
export function stepText(step: Step): string {
  const who =
    "user" in step
      ? "device" in step && step.device !== "all"
        ? `${nameAt(step.user)} on device-${step.device}`
        : nameAt(step.user)
      : "";
  switch (step.do) {
    case "login": {
      const text = step.text === undefined ? "" : ` with ${textOf(step.text, step.ttl ?? "none")}`;
      return `${who}: Login from ${platformName(step.platform)}${text}`;
    }
    case "bad login":
      return `${who}: Login with ${step.fault}`;
    case "logout":
      return `${who}: Logout`;
    case "heartbeat":
      return `${who}: Heartbeat`;
    case "watch":
      return `${who}: Watch with ${cursorText(step.cursor)}${step.apart ? ", on a connection of its own" : ""}`;
    case "close":
      return `${who}: the client ends the Watch`;
    case "set":
      return `${who}: SetCustomStatus of ${textOf(step.text, step.ttl)}`;
    case "query":
      return `${who}: QueryStatuses of ${idsText(step.ids, step.list)}`;
    case "subscribe":
      return `${who}: Subscribe to ${idsText(step.ids, step.list)}, ${ttlText(step.ttl)}`;
    case "unsubscribe":
      return `${who}: Unsubscribe from ${step.list === "all" ? "all" : step.list === "unset" ? "an unset target" : idsText(step.ids, step.list)}`;
    case "list": {
      const what =
        step.list === "bad token"
          ? "with a page token of nobody"
          : step.list === "these" && step.ids.length === 0
            ? "of all rows"
            : `of ${idsText(step.ids, step.list as ListPick)}`;
      return `${who}: ListSubscriptions ${what}, page size ${step.page}`;
    }
    case "sync":
      return `${who}: Sync with a marker that is ${step.marker}`;
    case "foreign":
      return `${nameAt(step.by)}: ${step.procedure} with the session of ${who}`;
    case "burst":
      return `${who}: ${step.procedure}${step.own ? " of oneself" : ""} until it is refused, and again when its delay is over`;
    case "fill":
      return `${who}: Subscribe to others up to the cap, and to one more`;
    case "pass":
      return `the clock moves by ${spoken(step.ms)}${step.hold ? ", leases held" : ""}`;
    case "due":
      return `the clock moves ${step.before ? "to 1 ms before" : "to"} the ${step.nth + 1}. instant at which something falls due${step.hold ? ", leases held" : ""}`;
    case "friends":
      return `the backend: SetFriends of ${who} to ${idsText(step.ids, "these")}`;
    case "feature":
      return `the backend: ${step.feature} ${step.on ? "on" : "off"}`;
    case "end sessions":
      return `the backend: EndSessions of ${who}${step.device === "all" ? ", all" : ""}`;
    case "delete":
      return `the backend: DeleteUsers ${who}`;
    case "register":
      return `the backend: RegisterUsers ${who}`;
    case "audit":
      return "the backend: QueryStatuses of everybody";
  }
}

function textOf(text: TextPick, ttl: TtlPick): string {
  const what =
    text === "" ? "an empty text" : text.length === 1 ? `the text ${JSON.stringify(text)}` : `a text that is ${text}`;
  return `${what}, ${ttlText(ttl)}`;
}

function ttlText(ttl: TtlPick): string {
  return ttl === "none" ? "no ttl" : `a ttl that is ${ttl === "least" || ttl === "most" ? `the ${ttl}` : ttl}`;
}

function cursorText(cursor: CursorPick): string {
  return cursor === "none"
    ? "no cursor"
    : cursor === "somebody else's"
      ? "somebody else's cursor"
      : `the ${cursor} cursor`;
}

function idsText(ids: readonly number[], list: ListPick): string {
  if (list === "empty") return "nobody";
  const named = ids.map(nameAt).join(", ") || "nobody";
  return list === "these" ? named : `a list that is ${list} (${named})`;
}
