// Reads single values: durations, addresses, numbers.
import { expected } from "./config-error.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `15s`, `500ms`, `1.5h`, `30d` in milliseconds, rounded. `what` names the value in the error. */
export function readDurationMs(text: string, what: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|d)$/.exec(text);
  if (!match) throw expected(what, "a duration such as 500ms, 15s, 5m, 12h or 30d", JSON.stringify(text));
  return Math.round(Number(match[1]) * (unitMs[match[2] ?? ""] ?? 1));
}

/** The shortest text that `readDurationMs` reads as this. */
export function durationText(durationMs: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = unitMs[unit] ?? 1;
    if (durationMs >= size && durationMs % size === 0) return `${durationMs / size}${unit}`;
  }
  return `${durationMs}ms`;
}

/** A number from `min` to `max`. */
export function readNumber(text: string, what: string, min: number, max: number): number {
  const value = /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw expected(what, `a number from ${min} to ${max}`, JSON.stringify(text));
  return value;
}

/** Where to listen. */
export interface Address {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
}

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`, `:8080` (every IPv4 interface), or `off`. */
export function readAddress(text: string, what: string): Address | null {
  if (text === "off") return null;
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw expected(what, 'HOST:PORT such as 127.0.0.1:8080, or "off"', JSON.stringify(text));
  return { host: match[1] ?? (match[2] || "0.0.0.0"), port };
}

export function addressText(address: Address | null): string {
  if (address === null) return "off";
  return `${hostInUrl(address.host)}:${address.port}`;
}

/** An IPv6 address stands in brackets before a port. */
export function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
