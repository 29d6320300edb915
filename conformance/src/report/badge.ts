// The verdict as the JSON that shields.io takes for a badge. Pure.
import type { Report } from "./model.ts";

export function toBadge(report: Report): string {
  const { verdict, profile, counts, partial } = report;
  const { PASS, FAIL } = counts.requirements;
  const color = { CONFORMANT: "brightgreen", INCOMPLETE: "yellow", NON_CONFORMANT: "red" }[verdict];
  const word = { CONFORMANT: "conformant", INCOMPLETE: "incomplete", NON_CONFORMANT: "not conformant" }[verdict];
  const message = `${word}${partial.length > 0 ? " (partial)" : ""}, ${PASS}/${PASS + FAIL}`;
  return `${JSON.stringify({ schemaVersion: 1, label: `user status: ${profile}`, message, color })}\n`;
}
