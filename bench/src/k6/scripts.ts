// The k6 scripts: what each does, its defaults, and what it is judged by.

export type ScriptName = "fanout" | "churn" | "storm" | "query" | "subscribe" | "soak";

export interface Sizes {
  readonly watchers: number;
  /** Users who change, or who are asked for. */
  readonly targets: number;
  /** Of these, how many each watcher watches. */
  readonly each: number;
  /** Changes, comings or calls each second. */
  readonly rate: number;
  readonly durationS: number;
  readonly rounds: number;
  readonly batch: number;
}

export interface Script {
  readonly name: ScriptName;
  readonly summary: string;
  readonly sizes: Sizes;
  /** So small that it is over in seconds: whether it works. */
  readonly quick: Sizes;
  /** k6 thresholds by metric. */
  readonly thresholds: Readonly<Record<string, readonly string[]>>;
  /** The procedure whose rate holds for each target or caller. */
  readonly procedure: string | undefined;
  /** Rows of the table at the end: metric, its name there, and the values that are told. */
  readonly rows: readonly (readonly [metric: string, title: string])[];
}

const none = { watchers: 0, each: 0, rounds: 1, batch: 0 };
const quickCrowd = { watchers: 20, targets: 5, each: 5, rate: 10, durationS: 4, rounds: 1, batch: 0 };
const nothingLost = {
  userstatus_lost: ["count==0"],
  userstatus_streams_broken: ["count==0"],
  userstatus_refused: ["count==0"],
};
const crowdRows = [
  ["userstatus_fanout_ms", "from change to watcher"],
  ["userstatus_open_ms", "to open a Watch"],
  ["userstatus_delivered", "statuses delivered"],
  ["userstatus_lost", "statuses lost"],
  ["userstatus_streams_broken", "streams broken"],
  ["userstatus_refused", "calls refused"],
] as const;
const callRows = [
  ["userstatus_call_ms", "a call"],
  ["userstatus_call_ms{transport:grpc}", "over gRPC"],
  ["userstatus_call_ms{transport:connect}", "over Connect, JSON"],
  ["userstatus_refused", "calls refused"],
] as const;
/** k6 keeps apart by tag only what a threshold names: these always hold. */
const byTransport = {
  "userstatus_call_ms{transport:grpc}": ["max>=0"],
  "userstatus_call_ms{transport:connect}": ["max>=0"],
};

export const scripts: readonly Script[] = [
  {
    name: "fanout",
    summary: "changes reach watchers: latency by gRPC streams, and whether a status is lost",
    sizes: { watchers: 200, targets: 50, each: 10, rate: 20, durationS: 60, rounds: 1, batch: 0 },
    quick: quickCrowd,
    thresholds: { ...nothingLost, userstatus_fanout_ms: ["p(99)<1000"] },
    procedure: "SetCustomStatus",
    rows: crowdRows,
  },
  {
    name: "churn",
    summary: "users come and go by login, logout and cut connections, and whoever watches them ends with what is true",
    sizes: { watchers: 100, targets: 50, each: 10, rate: 10, durationS: 60, rounds: 1, batch: 0 },
    quick: { ...quickCrowd, targets: 10, rate: 5 },
    thresholds: { ...nothingLost, userstatus_come_ms: ["p(99)<5000"] },
    procedure: undefined,
    rows: [
      ["userstatus_come_ms", "to log in and open a Watch"],
      ["userstatus_went", "comings and goings"],
      ...crowdRows.slice(1),
    ],
  },
  {
    name: "storm",
    summary: "all watchers are cut off at once and come back with their cursors",
    sizes: { watchers: 500, targets: 50, each: 10, rate: 0, durationS: 60, rounds: 3, batch: 0 },
    quick: { ...quickCrowd, rate: 0, rounds: 2 },
    thresholds: { ...nothingLost, userstatus_back_failed: ["count==0"], userstatus_back_ms: ["p(99)<10000"] },
    procedure: undefined,
    rows: [
      ["userstatus_back_ms", "to come back, until the snapshot's end"],
      ["userstatus_resumed", "resumed, not reset"],
      ["userstatus_back_failed", "did not come back"],
      ...crowdRows.slice(1),
    ],
  },
  {
    name: "query",
    summary: "QueryStatuses in batches, over gRPC and Connect with JSON",
    sizes: { ...none, targets: 200, rate: 100, durationS: 30, batch: 100 },
    quick: { ...none, targets: 20, rate: 10, durationS: 3, batch: 20 },
    thresholds: { userstatus_refused: ["count==0"], userstatus_call_ms: ["p(99)<1000"], ...byTransport },
    procedure: "QueryStatuses",
    rows: callRows,
  },
  {
    name: "subscribe",
    summary: "Subscribe in batches and Unsubscribe from all, over gRPC and Connect with JSON",
    sizes: { ...none, targets: 200, rate: 50, durationS: 30, batch: 50 },
    quick: { ...none, targets: 20, rate: 10, durationS: 3, batch: 10 },
    thresholds: { userstatus_refused: ["count==0"], userstatus_call_ms: ["p(99)<1000"], ...byTransport },
    procedure: "Subscribe",
    rows: callRows,
  },
  {
    name: "soak",
    summary: "fan-out for long: what leaks or piles up shows as drift between the first and the last fifth",
    sizes: { watchers: 100, targets: 50, each: 10, rate: 10, durationS: 1800, rounds: 1, batch: 0 },
    quick: quickCrowd,
    thresholds: { ...nothingLost, userstatus_fanout_ms: ["p(99)<1000"] },
    procedure: "SetCustomStatus",
    rows: [
      ...crowdRows,
      ["userstatus_publish_early_ms", "a change, first fifth"],
      ["userstatus_publish_late_ms", "a change, last fifth"],
    ],
  },
];
