// The rows of what things cost beside fan-out.
import { besideIdle } from "./beside-idle.ts";
import { heartbeats } from "./heartbeats.ts";
import { atHalf, stalled, stalledMemory } from "./latency.ts";
import { loginStorm } from "./logins.ts";
import { nodes } from "./nodes.ts";
import { herd, idle } from "./openings.ts";
import { query } from "./queries.ts";
import type { CostEffort, CostRow, Say } from "./sides.ts";

export const costRows: readonly {
  readonly name: string;
  readonly measure: (effort: CostEffort, say: Say) => Promise<CostRow | readonly CostRow[]>;
}[] = [
  { name: "query", measure: (effort, say) => query("connect", 100, effort, say) },
  { name: "query", measure: (effort, say) => query("connect", 500, effort, say) },
  { name: "query", measure: (effort, say) => query("grpc", 100, effort, say) },
  { name: "query", measure: (effort, say) => query("grpc", 500, effort, say) },
  { name: "heartbeats", measure: heartbeats },
  { name: "herd", measure: herd },
  { name: "idle", measure: (effort, say) => idle(1, effort, say) },
  { name: "idle", measure: (effort, say) => idle(20, effort, say) },
  { name: "beside idle", measure: besideIdle },
  { name: "latency", measure: atHalf },
  { name: "stalled", measure: stalled },
  { name: "memory", measure: stalledMemory },
  { name: "logins", measure: loginStorm },
  { name: "servers on a Redis", measure: nodes },
];
