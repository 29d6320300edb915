// Options that all scripts share, and what is left of a run: k6's own data as JSON. The runner makes the table and the verdict of it.
import { plan } from "./plan.ts";

export const common = {
  thresholds: plan.thresholds,
  summaryTrendStats: ["min", "med", "p(95)", "p(99)", "max", "count"],
  setupTimeout: "300s",
  insecureSkipTLSVerify: plan.insecure,
};

export function handleSummary(data: object): Record<string, string> {
  return { [plan.summary]: JSON.stringify(data) };
}
