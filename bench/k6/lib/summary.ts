// What is left of a run: k6's own data as JSON. The runner makes the table and the verdict of it.
import { plan } from "./plan.ts";

export function handleSummary(data: object): Record<string, string> {
  return { [plan.summary]: JSON.stringify(data) };
}

export const summaryTrendStats = ["min", "med", "p(95)", "p(99)", "max", "count"];
