// Options of `npm run examples`.
import { parseArgs } from "node:util";

export interface Options {
  /** Names of languages. Empty: all. */
  readonly only: readonly string[];
  /** Names of servers to start. Empty: all. */
  readonly servers: readonly string[];
  /** A server that runs already, in place of those that are started. */
  readonly server:
    | { readonly url: string; readonly adminUrl: undefined; readonly testingUrl: string | undefined }
    | undefined;
  /** Also lets the connection fall silent. */
  readonly silence: boolean;
  /** Shows every line that a client prints, and what builds print. */
  readonly verbose: boolean;
  readonly clients: boolean;
  /** Lets the suite judge the servers that are not the reference. */
  readonly judge: boolean;
  readonly help: boolean;
}

export const usage = `usage: npm run examples -- [options]

Builds the server and the clients in other languages, runs each client against each server with a cut connection on the way, and checks
what it prints. Then lets the suite judge the server in Go, with its tools and by its address alone, and compares it with the reference
server.

  --only NAMES       these languages only, with commas between them
  --start NAMES      these servers only: reference, go (default: both)
  --server URL       a server that runs already, and takes dev:APP:USER as token
  --testing-url URL  with --server: where it has its test clock; without one, some steps are left out
  --no-clients       no clients: only what the suite says
  --no-judge         only the clients
  --silence          also lets the connection fall silent without an end; up to a minute more for each client
  --verbose          shows what builds and clients print
  --help             shows this

A language whose tools are missing is skipped, and has failed where CI is set. Exit code 1: something failed.`;

/** Throws where an option is unknown or lacks its value. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", default: "" },
      start: { type: "string", default: "" },
      server: { type: "string" },
      "testing-url": { type: "string" },
      "no-clients": { type: "boolean", default: false },
      "no-judge": { type: "boolean", default: false },
      silence: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values["testing-url"] !== undefined && values.server === undefined) {
    throw new Error("--testing-url needs --server");
  }
  return {
    only: names(values.only),
    servers: names(values.start),
    server:
      values.server === undefined
        ? undefined
        : { url: values.server, adminUrl: undefined, testingUrl: values["testing-url"] },
    clients: !values["no-clients"],
    judge: !values["no-judge"] && values.server === undefined,
    silence: values.silence,
    verbose: values.verbose,
    help: values.help,
  };
}

function names(list: string): string[] {
  return list.split(",").filter((name) => name !== "");
}
