// What the command line needs of the outside, so that tests can give it something else.
import type { NodeTransport, WireProtocol } from "../node.ts";

/** The outside. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `process.platform`. */
  readonly osPlatform: string;
  /** Prints a line to stdout. */
  readonly out: (line: string) => void;
  /** Prints a line to stderr. */
  readonly err: (line: string) => void;
  /** Wall clock in milliseconds since 1970. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Fires when the user wants to leave: SIGINT, SIGTERM, SIGHUP, or stdout closed. */
  readonly interrupted: AbortSignal;
  readonly connect: (url: string, protocol: WireProtocol) => NodeTransport;
  /** Runs a shell command and gives what it prints. */
  readonly runCommand: (command: string) => Promise<string>;
}
