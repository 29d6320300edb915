// Figures for operators, in the text format of Prometheus, on a listener of their own.
import { createServer, type Server } from "node:http";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PresenceStats } from "../presence-server.ts";
import type { CallOutcome } from "./calls.ts";

export interface MetricsSources {
  readonly stats: () => PresenceStats;
  /** Open connections by listener. */
  readonly connections: () => Readonly<Record<string, number>>;
}

export interface Metrics {
  readonly onCall: (outcome: CallOutcome) => void;
  /** A connection of this listener was not taken. */
  readonly onDrop: (listener: string) => void;
  /** The whole page. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/** Seconds: from a fraction of a millisecond to a call that something holds up. */
const durationBuckets = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const calls = new Counter({
    name: "userstatus_calls_total",
    help: "Calls that ended, streams too, by procedure and Connect code.",
    labelNames: ["procedure", "code"],
    registers,
  });
  const durations = new Histogram({
    name: "userstatus_call_duration_seconds",
    help: "How long calls took that are no streams.",
    labelNames: ["procedure", "code"],
    buckets: durationBuckets,
    registers,
  });
  const drops = new Counter({
    name: "userstatus_connections_dropped_total",
    help: "Connections that were not taken because there were too many.",
    labelNames: ["listener"],
    registers,
  });
  registerSources(sources, registers);
  return {
    onCall: ({ procedure, code, durationMs, stream }) => {
      calls.inc({ procedure, code });
      if (!stream) durations.observe({ procedure, code }, durationMs / 1_000);
    },
    onDrop: (listener) => drops.inc({ listener }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Figures that are read when the page is asked for. */
function registerSources({ stats, connections }: MetricsSources, registers: Registry[]): void {
  const read = (name: string, help: string, value: (of: PresenceStats) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(stats()));
      },
    });
  };
  read("userstatus_open_watches", "Open notification streams.", (of) => of.watches);
  read("userstatus_users", "Users that the server holds.", (of) => of.users);
  read("userstatus_apps", "Apps that the server holds.", (of) => of.apps);
  const keeping = (of: PresenceStats): PresenceStats["keeping"] => of.keeping;
  if (stats().keeping !== undefined) {
    read("userstatus_store_waiting", "Records that wait to be written.", (of) => keeping(of)?.waiting ?? 0);
    read("userstatus_store_groups", "Groups of changes written since the start.", (of) => keeping(of)?.groups ?? 0);
    read("userstatus_store_refusing", "1 while changes can't be kept and are refused.", (of) =>
      keeping(of)?.refusing ? 1 : 0,
    );
  }
  new Counter({
    name: "userstatus_delivered_statuses_total",
    help: "Status events handed to notification streams.",
    registers,
    collect() {
      this.reset();
      this.inc(stats().delivered);
    },
  });
  new Gauge({
    name: "userstatus_open_connections",
    help: "Open connections by listener.",
    labelNames: ["listener"],
    registers,
    collect() {
      for (const [listener, count] of Object.entries(connections())) this.set({ listener }, count);
    },
  });
}

/** Serves `/metrics`, and nothing else. */
export function createMetricsServer(metrics: Metrics): Server {
  const server = createServer(
    { maxHeaderSize: 8_192, headersTimeout: 10_000, requestTimeout: 10_000 },
    (request, response) => {
      if (request.method !== "GET" || request.url?.split("?", 1)[0] !== "/metrics") {
        response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("not found\n");
        return;
      }
      metrics.text().then(
        (text) =>
          response.writeHead(200, { "Content-Type": metrics.contentType, "Cache-Control": "no-store" }).end(text),
        () => response.writeHead(500).end(),
      );
    },
  );
  server.maxConnections = 100;
  return server;
}
