// Colours that can be read, in light and dark: WCAG 2.2, 1.4.3 and 1.4.11.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const sheet = readFileSync(new URL("./styles.css", import.meta.url), "utf8");
const roots = [...sheet.matchAll(/:root \{([^}]*)\}/g)].map(([, body = ""]) => body);

function colours(scheme: "light" | "dark"): Map<string, string> {
  const body = roots[scheme === "light" ? 0 : 1] ?? "";
  return new Map([...body.matchAll(/--([\w-]+): #([0-9a-f]{6});/g)].map(([, name = "", hex = ""]) => [name, hex]));
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const texts = [
  ["ink", "page"],
  ["ink", "card"],
  ["ink", "soft"],
  ["muted", "page"],
  ["muted", "card"],
  ["muted", "soft"],
  ["accent-ink", "accent"],
  ["good", "card"],
  ["good", "good-soft"],
  ["busy", "card"],
  ["busy", "busy-soft"],
  ["bad", "card"],
  ["bad", "bad-soft"],
] as const;
const shapes = [
  ["line-strong", "card"],
  ["accent", "card"],
  ["accent", "page"],
] as const;

describe.each(["light", "dark"] as const)("%s", (scheme) => {
  const of = colours(scheme);
  const ratio = (front: string, back: string): number => contrast(of.get(front) ?? "", of.get(back) ?? "");
  it.each(texts)("%s on %s can be read", (front, back) => expect(ratio(front, back)).toBeGreaterThanOrEqual(4.5));
  it.each(shapes)("%s on %s can be seen", (front, back) => expect(ratio(front, back)).toBeGreaterThanOrEqual(3));
});
