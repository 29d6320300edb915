// The report as JSON text.
import type { Report } from "./model.ts";

export function toJsonText(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
