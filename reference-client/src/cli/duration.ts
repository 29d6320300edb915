// Durations as people write them: 90s, 15m, 1h30m, 2d.

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a duration such as `1h30m`; undefined for what is none, is not above 0, or is not whole. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    totalMs += Number(amount) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  return Number.isSafeInteger(totalMs) && totalMs > 0 ? totalMs : undefined;
}

const steps: readonly (readonly [limitMs: number, unitMs: number, name: string])[] = [
  [90_000, 1_000, "s"],
  [90 * 60_000, 60_000, "min"],
  [36 * 3_600_000, 3_600_000, "h"],
  [Number.POSITIVE_INFINITY, 86_400_000, "d"],
];

/** One rounded number with its unit: `45 s`, `12 min`, `3 h`, `9 d`. */
export function formatDuration(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${Math.round(ms)} ms`;
  const [, unit, name] = steps.find(([limitMs]) => ms < limitMs) ?? [0, 1_000, "s"];
  return `${Math.round(ms / unit)} ${name}`;
}
