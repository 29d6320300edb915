// Servers that are right but unusual: every one must be all green. A check that fails here is wrong, not the server.
import { create, toJsonString } from "@bufbuild/protobuf";
import {
  ClockScope,
  ProfileSchema,
  publishedProfile,
  ResumeResult,
  SessionRuleSchema,
  type WatchResponse,
  WatchResponseSchema,
} from "@userstatus/protocol";
import { type PresenceSeams, refusal } from "@userstatus/server/seams";
import {
  type Any,
  all,
  answers,
  type Event,
  events,
  frameOf,
  methods,
  requests,
  statuses,
  unaryNames,
} from "../seam-tools.ts";
import type { Variant } from "./variant.ts";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Rewrites the frames of every Watch. */
function frames(rewrite: (source: AsyncIterable<WatchResponse>) => AsyncIterable<WatchResponse>): PresenceSeams {
  return {
    user: (service) => ({
      ...service,
      watch: (request, context) => rewrite(service.watch(request, context) as AsyncIterable<WatchResponse>),
    }),
  };
}

const withoutClaims = (...gone: readonly string[]) =>
  answers(["getServerInfo" as never], (info) => ({
    ...info,
    claims: info.claims.filter((claim: string) => !gone.includes(claim)),
  }));

const withoutTools = answers(["getServerInfo" as never], (info) => ({
  ...info,
  testClockScope: ClockScope.UNSPECIFIED,
  claims: info.claims.filter((claim: string) => claim !== "admin" && claim !== "test_clock"),
}));

/** A Watch with a cursor is judged by it, and begins anew. */
const opensAnew: PresenceSeams = {
  hub: (hub) => ({
    ...hub,
    open: async (request, gone) => {
      const opened = await hub.open(request, gone);
      if (request.cursor.length === 0) return opened;
      return hub.open({ ...request, cursor: new Uint8Array() }, gone);
    },
  }),
};

/** Judged by the address alone, with durations short enough to be waited for (leases of 4.5 s), and limits that are soon reached. */
const byUrlOnly: Pick<Variant, "flags" | "judged"> = {
  flags: [
    "--scale-durations=0.06",
    "--set=subscription.max_subscriptions=40",
    "--set=subscription.subscribe_batch_max=20",
    "--set=rate_limits[QueryStatuses].max_calls=20",
    "--set=rate_limits[Subscribe].max_calls=20",
    "--set=rate_limits[Unsubscribe].max_calls=20",
  ],
  judged: { byUrlOnly: true, tier: "scaled", timeBudgetMs: 15_000 },
};

/** The values of standard without a claim. */
function coreProfile(): string {
  const profile = publishedProfile("standard");
  if (!profile?.customStatus || !profile.subscription) throw new Error("there is no profile standard");
  const { customStatus, subscription } = profile;
  customStatus.callerTtl = false;
  subscription.callerTtl = false;
  Object.assign(profile, {
    name: "core",
    claims: [],
    sessionPolicy: "single",
    sessionRules: [create(SessionRuleSchema, { maxSessions: 1 })],
    gates: [],
    provenance: {},
  });
  return toJsonString(ProfileSchema, profile);
}

const kindOf = (type: unknown): string => String(type ?? "");

export const variants: readonly Variant[] = [
  {
    id: "one-event-per-frame",
    why: "Frame boundaries mean nothing.",
    seams: () =>
      frames(async function* (source) {
        for await (const frame of source)
          for (const event of frame.events) yield create(WatchResponseSchema, { events: [event] });
      }),
  },
  {
    id: "coalesces",
    why: "Frames that come within 40 ms leave as one, and of each target only the last status (watch-conflates).",
    seams: () => frames(coalesced),
  },
  {
    id: "empty-frames",
    why: "A frame without events says nothing.",
    seams: () =>
      frames(async function* (source) {
        for await (const frame of source) {
          yield frame;
          yield create(WatchResponseSchema, {});
        }
      }),
  },
  {
    id: "slow-frames",
    why: "No delivery time is normative.",
    seams: () =>
      frames(async function* (source) {
        let number = 0;
        for await (const frame of source) {
          await wait((++number * 37) % 300);
          yield frame;
        }
      }),
  },
  {
    id: "frames-of-a-second",
    why: "No delivery time is normative: one frame in five takes a second.",
    seams: () =>
      frames(async function* (source) {
        let number = 0;
        for await (const frame of source) {
          await wait(++number % 5 === 0 ? 1000 : (number * 37) % 100);
          yield frame;
        }
      }),
  },
  {
    id: "jitter",
    why: "Nor is the time of an answer.",
    seams: () =>
      methods((service) => {
        let number = 0;
        return Object.fromEntries(
          unaryNames.map((name) => [
            name,
            async (request: Any, context: Any) => {
              await wait((++number * 13) % 40);
              const answer = await service[name](request, context);
              await wait((number * 7) % 40);
              return answer;
            },
          ]),
        );
      }),
  },
  {
    id: "always-resets",
    why: "Without the claim resume every Watch may reset (cursor-reset).",
    seams: () => all(withoutClaims("resume"), opensAnew),
  },
  {
    id: "repeats-on-resume",
    why: "RESUMED may repeat.",
    seams: () =>
      events(() => {
        let catchingUp = false;
        return (event) => {
          if (event.case === "hello") catchingUp = event.value.resumeResult === ResumeResult.RESUMED;
          if (event.case === "snapshotEnd") catchingUp = false;
          return catchingUp && event.case === "status" ? [event, event] : [event];
        };
      }),
  },
  {
    id: "unknown-everything",
    why: "Clients ignore events and fields that they do not know.",
    seams: () =>
      all(
        answers(unaryNames, (answer) => ({
          ...answer,
          $unknown: [{ no: 2000, wireType: 0, data: new Uint8Array([42]) }],
        })),
        frames(async function* (source) {
          for await (const frame of source) {
            const strange = {
              ...frameOf([{ case: undefined } as Event]).events[0],
              $unknown: [{ no: 900, wireType: 0, data: new Uint8Array([1]) }],
            };
            // hello stays first: an event that nobody knows may stand anywhere behind it.
            yield create(WatchResponseSchema, {
              events: [...frame.events.slice(0, 1), strange as Any, ...frame.events.slice(1)].filter((event) =>
                endsLast(event, frame),
              ),
            });
          }
        }),
      ),
  },
  {
    id: "http1-only",
    why: "A server claims the transports that it has.",
    seams: () => withoutClaims("transport.grpc"),
    edge: {
      handler: (next) => (request, response) => {
        if (request.httpVersionMajor < 2) next(request, response);
        else (request as Any).stream.close(2);
      },
    },
  },
  {
    id: "grpc-only",
    why: "One wire protocol is enough.",
    seams: () => withoutClaims("transport.connect", "transport.grpc_web", "codec.json", "http_get"),
    edge: {
      handler: (next) => (request, response) => {
        const type = kindOf(request.headers["content-type"]);
        if (type === "application/grpc" || type.startsWith("application/grpc+")) return next(request, response);
        (response as Any).statusCode = 415;
        (response as Any).end();
      },
    },
  },
  {
    id: "small-pages",
    why: "The size of a page is the server's choice, up to the one asked for (list-pages).",
    seams: () =>
      requests("listSubscriptions", (request) => ({
        ...request,
        pageSize: request.pageSize === 0 ? 20 : Math.min(request.pageSize, 20),
      })),
  },
  {
    id: "gaps-in-revisions",
    why: "Gaps in revisions mean nothing.",
    seams: () =>
      statuses((status) => {
        status.revision *= 3n;
      }),
  },
  {
    id: "other-order",
    why: "The order among different targets is free.",
    seams: () =>
      frames(async function* (source) {
        for await (const frame of source) {
          const turned = create(WatchResponseSchema, {});
          let run: Any[] = [];
          for (const event of frame.events) {
            if (event.event.case === "status") {
              run.push(event);
              continue;
            }
            turned.events.push(...run.reverse(), event);
            run = [];
          }
          turned.events.push(...run.reverse());
          yield turned;
        }
      }),
  },
  {
    id: "fixed-windows",
    why: "Fixed windows are a lawful way to limit a rate.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => ({
      store: (store, rules) => {
        const windows = new Map<string, { startMs: number; calls: number }>();
        return {
          ...store,
          charge: async (appId, userId, procedure, rule) => {
            const key = `${appId} ${userId} ${procedure}`;
            const nowMs = store.now(appId);
            let window = windows.get(key);
            if (!window || nowMs - window.startMs >= rule.windowMs) window = { startMs: nowMs, calls: 0 };
            if (window.calls >= rule.maxCalls) {
              throw refusal(rules.profile, "RATE_LIMITED", "fixed window", {
                retryAfterMs: window.startMs + rule.windowMs - nowMs,
              });
            }
            window.calls++;
            windows.set(key, window);
          },
        };
      },
    }),
  },
  {
    id: "own-numbers",
    why: "The values of standard are the operator's.",
    flags: [
      "--set=custom_status.max_bytes=33",
      "--set=custom_status.max_ttl=7200s",
      "--set=subscription.subscribe_batch_max=7",
      "--set=subscription.unsubscribe_batch_max=5",
      "--set=subscription.max_subscriptions=23",
      "--set=subscription.list_page_max=9",
      "--set=subscription.min_ttl=2s",
      "--set=query.batch_max=11",
      "--set=liveness[1].lease=90s",
      "--set=liveness[1].grace=0s",
      "--set=rate_limits[Subscribe].max_calls=4",
      "--set=rate_limits[SetCustomStatus].max_calls=2",
      "--set=session_rules[0].max_sessions=3",
    ],
  },
  {
    id: "one-session",
    why: "The session policy is the operator's.",
    profiles: ["standard", "zim"],
    flags: ["--session-policy=single"],
  },
  {
    id: "one-clock",
    why: "A test clock may be the whole server's (test_clock_scope).",
    seams: () => ({
      ...answers(["getServerInfo" as never], (info) => ({
        ...info,
        testClockScope: ClockScope.SERVER,
        claims: info.claims.filter((claim: string) => claim !== "multi_app"),
      })),
    }),
  },
  { id: "wall-clock-off", why: "Times are the server's.", wallOffsetMs: 3_600_000 },
  {
    id: "status-with-every-row",
    why: "A server is free to send the status always (sub-told).",
    seams: () =>
      events(() => {
        const held = new Map<string, Event>();
        return (event) => {
          if (event.case === "status") held.set(event.value.userId, event);
          if (event.case === "subscriptionEnded" && !event.value.stillVisible) held.delete(event.value.userId);
          const again = event.case === "subscribed" ? held.get(event.value.userId) : undefined;
          return again ? [event, again] : [event];
        };
      }),
  },
  {
    id: "core-only",
    why: "Everything beyond the core is a claim: this server makes none but the transport it must have.",
    profileJson: coreProfile,
    seams: () =>
      all(
        withoutClaims("transport.grpc", "transport.grpc_web", "codec.json", "http_get", "multi_app", "resume"),
        withoutTools,
        opensAnew,
      ),
    ...byUrlOnly,
  },
  {
    id: "no-tools",
    why: "The admin service and the test clock are tools that a server need not have.",
    seams: () => withoutTools,
    ...byUrlOnly,
  },
  {
    id: "chatty",
    why: "A keep-alive may come at any time.",
    flags: ["--keep-alive=100ms"],
  },
];

/** watch_end stays the last event. */
function endsLast(event: Any, frame: WatchResponse): boolean {
  return event.event.case !== undefined || frame.events.at(-1)?.event.case !== "watchEnd";
}

async function* coalesced(source: AsyncIterable<WatchResponse>): AsyncGenerator<WatchResponse> {
  const iterator = source[Symbol.asyncIterator]();
  let pending = iterator.next();
  try {
    for (;;) {
      const first = await pending;
      if (first.done) return;
      const list = [...first.value.events];
      const untilMs = performance.now() + 40;
      pending = iterator.next();
      let over = false;
      for (;;) {
        const more = await Promise.race([
          pending,
          wait(Math.max(0, untilMs - performance.now())).then(() => undefined),
        ]);
        if (more === undefined) break;
        if (more.done) {
          over = true;
          break;
        }
        list.push(...more.value.events);
        pending = iterator.next();
      }
      const kept = lastOfEach(list);
      // A frame is at most 1 MiB.
      for (let at = 0; at < kept.length; at += 500)
        yield create(WatchResponseSchema, { events: kept.slice(at, at + 500) });
      if (over) return;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Of several statuses of one target with nothing but statuses between, only the last. */
function lastOfEach(list: WatchResponse["events"]): WatchResponse["events"] {
  const kept: WatchResponse["events"] = [];
  const later = new Set<string>();
  for (const event of list.toReversed()) {
    if (event.event.case !== "status") later.clear();
    else if (later.has(event.event.value.userId)) continue;
    else later.add(event.event.value.userId);
    kept.unshift(event);
  }
  return kept;
}
