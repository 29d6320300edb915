// Which steps walks are made of, and how often.
import { Platform } from "@userstatus/protocol";
import fc from "fast-check";
import type { Feature, ListPick, Procedure, Step } from "./steps.ts";

export interface StepsOptions {
  readonly timed: boolean;
  readonly hasAdmin: boolean;
  /** Switches are the walk's own. */
  readonly ownApp: boolean;
}

const user = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 1) },
  { weight: 3, arbitrary: fc.constantFrom(2, 3) },
  { weight: 1, arbitrary: fc.constant(4) },
);
const device = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 2, arbitrary: fc.constant(2) },
);
const at = { user, device };
const platform = fc.constantFrom(
  Platform.ANDROID,
  Platform.WEB,
  Platform.IOS,
  Platform.ANDROID,
  Platform.WINDOWS,
  Platform.MINI_PROGRAM,
  77,
);
const ids = fc.array(fc.constantFrom(0, 1, 2, 3, 0, 1, 2, 3, 4), { minLength: 1, maxLength: 5 });
const list: fc.Arbitrary<ListPick> = fc.oneof(
  { weight: 20, arbitrary: fc.constant<ListPick>("these") },
  { weight: 3, arbitrary: fc.constantFrom<ListPick>("empty", "longest", "too long", "malformed") },
);
const text = fc.constantFrom<"a" | "b" | "a" | "wide" | "">("a", "b", "a", "wide", "", "b");
const anyText = fc.oneof(
  { weight: 10, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom("longest", "longest wide", "too long", "too long wide") },
);
const ttl = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("none", "usual", "short", "short") },
  { weight: 3, arbitrary: fc.constantFrom("least", "most", "too short", "too long") },
);
const procedure = fc.constantFrom<Procedure>(
  "SetCustomStatus",
  "QueryStatuses",
  "Subscribe",
  "Unsubscribe",
  "Heartbeat",
  "ListSubscriptions",
);

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<Step> };

/** One step. */
export function stepArbitrary(options: StepsOptions): fc.Arbitrary<Step> {
  return fc.oneof(
    ...everywhere(),
    ...(options.timed ? timed() : []),
    ...(options.hasAdmin ? backend(options.ownApp) : []),
  );
}

function step<S extends Step>(weight: number, record: { [K in keyof S]: fc.Arbitrary<S[K]> }): Weighted {
  return { weight, arbitrary: fc.record(record) as fc.Arbitrary<Step> };
}

function of<const T>(value: T): fc.Arbitrary<T> {
  return fc.constant(value);
}

function everywhere(): Weighted[] {
  return [
    { weight: 9, arbitrary: loginArbitrary() },
    step<Extract<Step, { do: "bad login" }>>(1, {
      do: of("bad login"),
      user,
      fault: fc.constantFrom("no platform", "no device", "device too long", "device of other characters"),
    }),
    step<Extract<Step, { do: "logout" }>>(3, { do: of("logout"), ...at }),
    step<Extract<Step, { do: "heartbeat" }>>(5, { do: of("heartbeat"), ...at }),
    step<Extract<Step, { do: "watch" }>>(11, {
      do: of("watch"),
      ...at,
      cursor: fc.constantFrom("none", "newest", "newest", "newest", "oldest", "none", "somebody else's", "malformed"),
      apart: fc.constantFrom(false, false, true),
    }),
    step<Extract<Step, { do: "set" }>>(12, {
      do: of("set"),
      ...at,
      text: anyText as fc.Arbitrary<never>,
      ttl: ttl as fc.Arbitrary<never>,
    }),
    step<Extract<Step, { do: "query" }>>(7, { do: of("query"), ...at, ids, list }),
    step<Extract<Step, { do: "subscribe" }>>(13, {
      do: of("subscribe"),
      ...at,
      ids,
      list,
      ttl: ttl as fc.Arbitrary<never>,
    }),
    step<Extract<Step, { do: "unsubscribe" }>>(6, {
      do: of("unsubscribe"),
      ...at,
      ids,
      list: fc.oneof(
        { weight: 8, arbitrary: list },
        { weight: 2, arbitrary: fc.constantFrom("all" as const, "unset" as const) },
      ),
    }),
    step<Extract<Step, { do: "list" }>>(5, {
      do: of("list"),
      ...at,
      page: fc.constantFrom(0, 1, 2, 0, -1, 1000),
      ids: fc.oneof(fc.constant([]), ids),
      list: fc.oneof({ weight: 8, arbitrary: list }, { weight: 1, arbitrary: fc.constant("bad token" as const) }),
    }),
    step<Extract<Step, { do: "sync" }>>(2, {
      do: of("sync"),
      ...at,
      marker: fc.constantFrom("one byte", "longest", "empty", "too long", "strange"),
    }),
    step<Extract<Step, { do: "foreign" }>>(2, { do: of("foreign"), ...at, by: user, procedure }),
    step<Extract<Step, { do: "burst" }>>(2, { do: of("burst"), ...at, procedure, own: fc.boolean() }),
  ];
}

function loginArbitrary(): fc.Arbitrary<Step> {
  const plain = fc.record({ do: of("login"), ...at, platform });
  const withText = fc.record({ do: of("login"), ...at, platform, text: anyText, ttl });
  return fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: withText }) as fc.Arbitrary<Step>;
}

function timed(): Weighted[] {
  const second = 1000;
  const hour = 3_600_000;
  return [
    step<Extract<Step, { do: "close" }>>(5, { do: of("close"), ...at }),
    step<Extract<Step, { do: "pass" }>>(4, {
      do: of("pass"),
      ms: fc.constantFrom(1, second, 3 * second, 10 * second, 30 * second),
      hold: fc.boolean(),
    }),
    step<Extract<Step, { do: "pass" }>>(1, {
      do: of("pass"),
      ms: fc.constantFrom(hour, 25 * hour, 8 * 24 * hour, 31 * 24 * hour),
      hold: fc.constantFrom(true, true, false),
    }),
    step<Extract<Step, { do: "due" }>>(10, {
      do: of("due"),
      nth: fc.constantFrom(0, 0, 1, 2, 3),
      before: fc.boolean(),
      hold: fc.constantFrom(true, false, false),
    }),
  ];
}

function backend(ownApp: boolean): Weighted[] {
  const everywhere = [
    step<Extract<Step, { do: "friends" }>>(3, {
      do: of("friends"),
      user,
      ids: fc.uniqueArray(fc.constantFrom(0, 1, 2, 3, 4), { maxLength: 4 }),
    }),
    step<Extract<Step, { do: "end sessions" }>>(2, {
      do: of("end sessions"),
      user,
      device: fc.oneof(device, fc.constant("all" as const)),
    }),
    step<Extract<Step, { do: "delete" }>>(1, { do: of("delete"), user }),
    step<Extract<Step, { do: "register" }>>(2, { do: of("register"), user: fc.constantFrom(4, 4, 0, 1, 2, 3) }),
    step<Extract<Step, { do: "audit" }>>(5, { do: of("audit") }),
    step<Extract<Step, { do: "fill" }>>(1, { do: of("fill"), ...at }),
  ];
  if (!ownApp) return everywhere;
  const feature = (weight: number, name: Feature, on: fc.Arbitrary<boolean>): Weighted =>
    step<Extract<Step, { do: "feature" }>>(weight, { do: of("feature"), feature: of(name), on });
  return [
    ...everywhere,
    feature(2, "friendNotifications", fc.constantFrom(true, true, false)),
    feature(1, "plan", fc.constantFrom(true, true, false)),
    feature(1, "userStatus", fc.constantFrom(true, true, false)),
  ];
}
