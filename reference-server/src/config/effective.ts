// The options in effect: what is given, and the defaults that depend on other options.
import { expected } from "./config-error.ts";
import { type OptionSpec, options } from "./options.ts";
import type { GivenOptions } from "./sources.ts";
import { type Address, addressText, readAddress } from "./values.ts";

/** Typed views of what is given. `what` in errors is the place it was given at. */
export interface OptionReader {
  readonly from: (name: string) => string;
  readonly text: (name: string) => string | undefined;
  readonly many: (name: string) => readonly string[];
  readonly switched: (name: string) => boolean | undefined;
  /** One of the option's choices. */
  readonly choice: (name: string) => string | undefined;
  /** null: given as off; undefined: not given. */
  readonly address: (name: string) => Address | null | undefined;
}

export function createOptionReader(given: GivenOptions): OptionReader {
  const from = (name: string): string => given.get(name)?.from ?? `--${name}`;
  const text = (name: string): string | undefined => given.get(name)?.values[0];
  return {
    from,
    text,
    many: (name) => given.get(name)?.values ?? [],
    switched: (name) => (given.has(name) ? text(name) === "true" : undefined),
    choice: (name) => {
      const value = text(name);
      const choices = options.find((spec) => spec.name === name)?.choices ?? [];
      if (value === undefined || choices.includes(value)) return value;
      throw expected(from(name), `one of ${choices.join(", ")}`, JSON.stringify(value));
    },
    address: (name) => {
      const value = text(name);
      return value === undefined ? undefined : readAddress(value, from(name));
    },
  };
}

/** The addresses, with their defaults. */
export interface Addresses {
  readonly listen: Address;
  readonly adminListen: Address | null;
  readonly testingListen: Address | null;
  readonly metricsListen: Address | null;
}

const devToolsAddress: Address = { host: "127.0.0.1", port: 8081 };

export function readAddresses(read: OptionReader, dev: boolean, testClock: boolean): Addresses {
  const listen = read.address("listen") ?? { host: dev ? "127.0.0.1" : "0.0.0.0", port: 8080 };
  if (read.text("listen") === "off") throw expected(read.from("listen"), "HOST:PORT", '"off"');
  const adminGiven = read.address("admin-listen");
  const adminListen = adminGiven === undefined ? (dev ? devToolsAddress : null) : adminGiven;
  const testingGiven = read.address("testing-listen");
  if (testingGiven && !testClock) throw expected(read.from("testing-listen"), "given with --test-clock", "it alone");
  const testingListen = testingGiven === undefined ? (adminListen ?? devToolsAddress) : testingGiven;
  const metricsListen = read.address("metrics-listen") ?? null;
  const found = { listen, adminListen, testingListen: testClock ? testingListen : null, metricsListen };
  checkDistinct(read, found);
  return found;
}

/** Only admin and testing may share. The tools must not be reachable where apps are. */
function checkDistinct(read: OptionReader, { listen, adminListen, testingListen, metricsListen }: Addresses): void {
  const same = (a: Address | null, b: Address | null): boolean =>
    a !== null && a.port !== 0 && addressText(a) === addressText(b);
  const clashes: readonly [string, string, boolean][] = [
    ["admin-listen", "listen", same(adminListen, listen)],
    ["testing-listen", "listen", same(testingListen, listen)],
    ["metrics-listen", "listen", same(metricsListen, listen)],
    ["metrics-listen", "admin-listen", same(metricsListen, adminListen)],
    ["metrics-listen", "testing-listen", same(metricsListen, testingListen)],
  ];
  for (const [name, other, clash] of clashes) {
    if (clash) throw expected(read.from(name), `another address than that of --${other}`, addressText(listen));
  }
}

/** A value of --print-config. */
export type PrintedValue = string | number | boolean | readonly string[] | null;

/** What is in effect, by name; `known` holds what was computed. Secrets are replaced. */
export function printedOptions(
  given: GivenOptions,
  known: Readonly<Record<string, PrintedValue>>,
): Record<string, PrintedValue> {
  const printed: Record<string, PrintedValue> = {};
  for (const spec of options) {
    if (spec.flagOnly !== true && spec.name !== "config") printed[spec.name] = printedValue(spec, given, known);
  }
  return printed;
}

function printedValue(
  spec: OptionSpec,
  given: GivenOptions,
  known: Readonly<Record<string, PrintedValue>>,
): PrintedValue {
  const values = given.get(spec.name)?.values;
  if (spec.secret === true) return values === undefined ? null : "(secret)";
  const computed = known[spec.name];
  if (computed !== undefined) return computed;
  if (spec.separator !== undefined) return values ?? [];
  if (spec.value === undefined) return values?.[0] === "true";
  return values?.[0] ?? null;
}
