// Logs: JSON lines on stderr, or short lines for people in development.
import { type DestinationStream, type Logger, pino } from "pino";

export type Log = Logger;

/** From quiet to talkative. */
export const logLevels: readonly string[] = ["silent", "fatal", "error", "warn", "info", "debug", "trace"];

export interface LogOptions {
  readonly level: string;
  /** Short lines in place of JSON. */
  readonly pretty: boolean;
  /** Takes each line with its end. */
  readonly write: (line: string) => void;
}

export function createLog({ level, pretty, write }: LogOptions): Log {
  const destination: DestinationStream = { write: (line) => write(pretty ? prettyLine(line) : line) };
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: pino.stdSerializers.err },
  };
  return pino(options, destination);
}

/** `12:34:56.789 INFO  listening url=http://…`, and the stack of an error below. */
export function prettyLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const name = (pino.levels.labels[Number(level)] ?? "info").toUpperCase().padEnd(5);
  const words = [String(time).slice(11, 23), name, ...(msg === undefined ? [] : [String(msg)])];
  for (const [key, value] of Object.entries(rest)) {
    words.push(`${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
  const stack = (err as { stack?: string } | undefined)?.stack;
  return `${words.join(" ")}\n${stack === undefined ? "" : `${stack}\n`}`;
}
