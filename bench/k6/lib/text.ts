// The texts that are published: they name the run and the time of sending. Knows nothing of k6.

/** `RUN MILLISECONDS`, 27 bytes: within the least limit of the published profiles. */
export function textOf(run: string, nowMs: number): string {
  return `${run} ${nowMs}`;
}

/** Milliseconds since the text was sent; undefined: it is none of this run's. */
export function ageOf(run: string, text: string | undefined, nowMs: number): number | undefined {
  const [from, sent] = (text ?? "").split(" ");
  const sentMs = Number(sent);
  return from === run && sent !== undefined && Number.isFinite(sentMs) ? nowMs - sentMs : undefined;
}
