// The ways in which a server can be reached: wire protocol, codec, HTTP version, GET. Which of them hold follows
// from the claims.
import type { Random } from "../check.ts";

export interface TransportKind {
  /** `connect-json-h1-get`: for reports and `--transport`. */
  readonly name: string;
  readonly protocol: "connect" | "grpc" | "grpc-web";
  readonly codec: "proto" | "json";
  readonly http: "1.1" | "2";
  /** Reads go by GET where their URL is short enough. */
  readonly get: boolean;
}

const claimOf = { connect: "transport.connect", grpc: "transport.grpc", "grpc-web": "transport.grpc_web" } as const;

/** Every kind the suite can speak, in the order in which they are tried. */
export const allKinds: readonly TransportKind[] = [
  ...connectKinds("1.1"),
  ...connectKinds("2"),
  { name: "grpc-h2", protocol: "grpc", codec: "proto", http: "2", get: false },
  { name: "grpc-web-h1", protocol: "grpc-web", codec: "proto", http: "1.1", get: false },
  { name: "grpc-web-h2", protocol: "grpc-web", codec: "proto", http: "2", get: false },
];

function connectKinds(http: "1.1" | "2"): TransportKind[] {
  const version = http === "2" ? "h2" : "h1";
  return (["proto", "json"] as const).flatMap((codec) =>
    [false, true].map((get) => ({
      name: `connect-${codec}-${version}${get ? "-get" : ""}`,
      protocol: "connect" as const,
      codec,
      http,
      get,
    })),
  );
}

/**
 * The kinds that these claims promise. The HTTP version is free, so both stand here; a probe tells which are served.
 */
export function claimedKinds(claims: ReadonlySet<string>): TransportKind[] {
  return allKinds.filter(
    (kind) =>
      claims.has(claimOf[kind.protocol]) &&
      (kind.codec === "proto" || claims.has("codec.json")) &&
      (!kind.get || claims.has("http_get")),
  );
}

/**
 * The kinds that checks over every transport run on: each that answered (by POST; GET is sampled, and has
 * requirements of
 * its own), and of each claimed protocol and codec that answered over no HTTP version at all, the first, so that the
 * gap
 * is seen as a failure.
 */
export function judgedKinds(claimed: readonly TransportKind[], answering: readonly TransportKind[]): TransportKind[] {
  const family = (kind: TransportKind): string => `${kind.protocol}/${kind.codec}`;
  const served = answering.filter(({ get }) => !get);
  const families = new Set(served.map(family));
  const missing = new Map<string, TransportKind>();
  for (const kind of claimed) {
    if (!kind.get && !families.has(family(kind)) && !missing.has(family(kind))) missing.set(family(kind), kind);
  }
  return [...served, ...missing.values()];
}

/** One kind for a check: by seed and check id, so that a run can be repeated. */
export function sampleKind(kinds: readonly TransportKind[], random: Random): TransportKind {
  return random.pick(kinds);
}
