// A network namespace for a process, on Linux and as root: it is reached over one link, and reaches this machine over another, which can be cut as a cable is.
// No connection is told of a cut; those that outlive it go on.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

export interface Namespace {
  /** What runs a command in it. */
  readonly runIn: readonly string[];
  /** Its own address, on the link that stays: listen there. */
  readonly address: string;
  /** This machine's address on the link that can be cut. */
  readonly outside: string;
  readonly cut: () => void;
  readonly mend: () => void;
  /** The processes in it must have ended. */
  readonly close: () => void;
}

interface Ends {
  readonly outside: string;
  readonly inside: string;
}

const prefix = "userstatus-";

/** Two links' addresses in a range that is set aside for tests between machines (RFC 2544), others for each process. */
function addressesOf(pid: number): { readonly stays: Ends; readonly cable: Ends } {
  const blocks = 2 ** 14;
  const first = (pid % blocks) * 8;
  const address = (at: number): string => `198.${18 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
  return {
    stays: { outside: address(first + 1), inside: address(first + 2) },
    cable: { outside: address(first + 5), inside: address(first + 6) },
  };
}

/** Those of runs that were killed would stay for ever. */
function removeStale(): void {
  const names = execFileSync("ip", ["netns", "list"], { encoding: "utf8" }).match(/^userstatus-\d+/gm) ?? [];
  for (const name of names) {
    if (!existsSync(`/proc/${name.slice(prefix.length)}`)) attempt(() => ip("netns", "del", name));
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Somebody else has done it.
  }
}

/** Undefined: none can be had here, as on other systems, without root, or without iproute2. */
export function openNamespace(): Namespace | undefined {
  const name = `${prefix}${process.pid}`;
  const { stays, cable } = addressesOf(process.pid);
  try {
    removeStale();
    ip("netns", "add", name);
  } catch {
    return undefined;
  }
  const close = (): void => {
    process.off("exit", close);
    // Its ends of the links go with it, and with them the others. One that is gone already is no fault.
    attempt(() => ip("netns", "del", name));
  };
  process.once("exit", close);
  try {
    // In some containers one can be made, and nothing run in it.
    ip("netns", "exec", name, "true");
    ip("-n", name, "link", "set", "lo", "up");
    link(name, `us${process.pid}a`, stays);
    const end = link(name, `us${process.pid}b`, cable);
    return {
      runIn: ["ip", "netns", "exec", name],
      address: stays.inside,
      outside: cable.outside,
      cut: () => ip("link", "set", end, "down"),
      mend: () => ip("link", "set", end, "up"),
      close,
    };
  } catch {
    close();
    return undefined;
  }
}

/** Answers the name of this machine's end. */
function link(namespace: string, end: string, { outside, inside }: Ends): string {
  ip("link", "add", end, "type", "veth", "peer", "name", "far", "netns", namespace);
  // The next one is named likewise.
  ip("-n", namespace, "link", "set", "far", "name", `${end}-in`);
  ip("addr", "add", `${outside}/30`, "dev", end);
  ip("-n", namespace, "addr", "add", `${inside}/30`, "dev", `${end}-in`);
  ip("-n", namespace, "link", "set", `${end}-in`, "up");
  ip("link", "set", end, "up");
  return end;
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
