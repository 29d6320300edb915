// The k6 scripts: what each does, its defaults, and what it is judged by.

export type ScriptName = "fanout" | "churn" | "storm" | "query" | "subscribe" | "soak";

export interface Sizes {
  readonly watchers: number;
  /** Users who change, who come and go, or who are asked for. */
  readonly targets: number;
  /** Of these, how many each watcher watches. */
  readonly each: number;
  /** Changes, comings or calls each second. */
  readonly rate: number;
  readonly durationS: number;
  readonly rounds: number;
  readonly batch: number;
}

/** As k6 takes it. */
export type Threshold = string | { readonly threshold: string; readonly abortOnFail: boolean };

export interface Script {
  readonly name: ScriptName;
  readonly summary: string;
  /** What it does and what its figures mean, for `--help` of the script. */
  readonly more: string;
  readonly sizes: Sizes;
  /** So small that it is over in seconds: whether it works. */
  readonly quick: Sizes;
  /** k6 thresholds by metric, beside those that follow from the sizes. */
  readonly thresholds: Readonly<Record<string, readonly Threshold[]>>;
  /** The call that each target makes in turn at `rate`; undefined: none. */
  readonly targetsCall: string | undefined;
  /** The call that each caller makes in turn at `rate`; undefined: there are no callers. */
  readonly callersCall: string | undefined;
  /** Users who come and go beside targets and callers. */
  readonly comers: number;
  /** Rows of the table at the end: metric, and its name there. */
  readonly rows: readonly (readonly [metric: string, title: string])[];
}

const quickCrowd: Sizes = { watchers: 20, targets: 10, each: 5, rate: 5, durationS: 3, rounds: 1, batch: 0 };
const crowd = { targetsCall: "SetCustomStatus", callersCall: undefined, comers: 0 };
const unary = { targetsCall: undefined, comers: 0 };
const noCrowd = { watchers: 0, each: 0, rounds: 1 };
const none: readonly Threshold[] = ["count==0"];
const crowdThresholds = { userstatus_lost: none, userstatus_streams_broken: none, userstatus_refused: none };
const crowdRows = [
  ["userstatus_fanout_ms", "from change to watcher"],
  ["userstatus_open_ms", "to open a Watch"],
  ["userstatus_delivered", "statuses delivered"],
  ["userstatus_judged", "watchers judged"],
  ["userstatus_lost", "statuses lost"],
  ["userstatus_streams_broken", "streams broken"],
  ["userstatus_refused", "calls refused"],
] as const;
const callRows = [
  ["userstatus_call_ms{transport:grpc}", "a call over gRPC"],
  ["userstatus_call_ms{transport:connect}", "a call over Connect, JSON"],
  ["userstatus_refused", "calls refused"],
] as const;
/** k6 keeps apart by tag what a threshold names. */
const callThresholds = {
  userstatus_refused: none,
  "userstatus_call_ms{transport:grpc}": ["p(99)<1000"],
  "userstatus_call_ms{transport:connect}": ["p(99)<1000"],
};

export const scripts: readonly Script[] = [
  {
    name: "fanout",
    summary: "changes reach watchers: latency over gRPC streams, and whether a status is lost",
    more: `Watchers log in, subscribe to --each of the --targets users and hold a Watch open. Then --rate texts a second are set, each with the time of its
sending. A watcher subtracts that from the time of its arrival. At the end each calls Sync, waits for the marker, asks QueryStatuses for the same users,
and compares: what differs is lost. Values between that never came are legal.`,
    sizes: { watchers: 200, targets: 50, each: 10, rate: 20, durationS: 60, rounds: 1, batch: 0 },
    quick: quickCrowd,
    thresholds: { ...crowdThresholds, userstatus_delivered: ["count>0"], userstatus_fanout_ms: ["p(99)<1000"] },
    ...crowd,
    rows: crowdRows,
  },
  {
    name: "churn",
    summary: "users come and go by login, logout and cut connections, and whoever watches them ends with what is true",
    more: `The --targets users log in, open a Watch and go again, --rate of them a second: half by Logout, half by cutting the connection. Watchers watch them, and
are judged as in fanout.`,
    sizes: { watchers: 100, targets: 50, each: 10, rate: 10, durationS: 60, rounds: 1, batch: 0 },
    quick: quickCrowd,
    thresholds: {
      ...crowdThresholds,
      userstatus_delivered: ["count>0"],
      userstatus_went: ["count>0"],
      userstatus_come_ms: ["p(99)<5000"],
    },
    ...crowd,
    targetsCall: undefined,
    rows: [
      ["userstatus_come_ms", "to log in and open a Watch"],
      ["userstatus_went", "comings and goings"],
      ...crowdRows.slice(1),
    ],
  },
  {
    name: "storm",
    summary: "all watchers are cut off at once and come back with their cursors",
    more: `Watchers open as in fanout, and --rate texts a second are set all the time. In each of --rounds rounds all watchers cut their connections at one moment, connect
again and open a Watch with the last cursor. Told is the time from that moment to the end of the snapshot: its longest is when all were back. Judged
as in fanout, so a change that the catch-up left out is found.`,
    sizes: { watchers: 500, targets: 50, each: 10, rate: 10, durationS: 60, rounds: 3, batch: 0 },
    quick: { ...quickCrowd, durationS: 5, rounds: 2 },
    thresholds: { ...crowdThresholds, userstatus_back_ms: ["p(99)<10000"] },
    ...crowd,
    rows: [
      ["userstatus_back_ms", "from the cut until back"],
      ["userstatus_back", "came back"],
      ["userstatus_resumed", "resumed, not reset"],
      ...crowdRows.slice(1),
    ],
  },
  {
    name: "query",
    summary: "QueryStatuses in batches, over gRPC and Connect with JSON",
    more: `Callers, as many as their rate needs, ask in turn for --batch of the --targets users. An answer that lacks one of them counts as refused.`,
    sizes: { ...noCrowd, targets: 200, rate: 100, durationS: 30, batch: 100 },
    quick: { ...noCrowd, targets: 20, rate: 10, durationS: 3, batch: 20 },
    thresholds: callThresholds,
    ...unary,
    callersCall: "QueryStatuses",
    rows: callRows,
  },
  {
    name: "subscribe",
    summary: "Subscribe in batches and Unsubscribe from all, over gRPC and Connect with JSON",
    more: `Callers, as many as their rate needs, subscribe to --batch of the --targets users after the other, and from time to time unsubscribe from all.`,
    sizes: { ...noCrowd, targets: 200, rate: 50, durationS: 30, batch: 50 },
    quick: { ...noCrowd, targets: 20, rate: 10, durationS: 3, batch: 10 },
    thresholds: callThresholds,
    ...unary,
    callersCall: "Subscribe",
    rows: callRows,
  },
  {
    name: "soak",
    summary: "changes, queries, comings and goings for long: what leaks or piles up shows as drift",
    more: `fanout at a modest --rate, as many queries of --batch users, and a fifth as many comings and goings, for long. Beside what fanout is judged by: the time that a
change takes may not grow from the first fifth of the run to the last (twice, and 20 ms).`,
    sizes: { watchers: 100, targets: 50, each: 10, rate: 10, durationS: 1800, rounds: 1, batch: 20 },
    quick: { ...quickCrowd, batch: 5 },
    thresholds: {
      ...crowdThresholds,
      ...callThresholds,
      userstatus_delivered: ["count>0"],
      userstatus_went: ["count>0"],
      userstatus_fanout_ms: ["p(99)<1000"],
    },
    ...crowd,
    callersCall: "QueryStatuses",
    comers: 20,
    rows: [
      ...crowdRows,
      ...callRows.slice(0, 2),
      ["userstatus_went", "comings and goings"],
      ["userstatus_publish_early_ms", "a change, first fifth"],
      ["userstatus_publish_late_ms", "a change, last fifth"],
    ],
  },
];
