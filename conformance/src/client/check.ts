// What a check of a client is, and what it gets to work with.
import type { Backoff, ClientState, OptionalOp, Protocol } from "./contract/contract.ts";
import type { Answer, DrivenClient } from "./contract/driven-client.ts";
import type { ServerSettings } from "./server/replies.ts";
import type { ScriptedServer } from "./server/scripted-server.ts";
import type { OpeningOptions, ServerWatch } from "./server/server-watch.ts";

/** One check: decides one requirement of SPEC.md §19. */
export interface ClientCheck {
  /** The requirement it decides, `/`, and a word for the case: `client-fold/late-answer`. Stable. */
  readonly id: string;
  /** What it does, in one line. */
  readonly title: string;
  /** Commands that a client may lack; without one of them it is NOT_APPLICABLE. */
  readonly ops?: readonly OptionalOp[];
  /** What its server advertises, where that is unusual. */
  readonly server?: Partial<ServerSettings>;
  /** Waits that the client is opened with, where the check is about them. */
  readonly backoff?: Backoff;
  /** Run over every protocol, not only over one: what it looks at depends on the transport. */
  readonly everyProtocol?: true;
  /** About how long it takes, in milliseconds, by the waits that the client keeps: the long ones begin first. */
  readonly longMs?: (backoff: Backoff) => number;
  /** Decides: returns, or throws by a matcher of `t`. */
  readonly run: (t: ClientBench) => Promise<void>;
}

/** What a check works with: a server and a client of its own. */
export interface ClientBench {
  readonly server: ScriptedServer;
  readonly client: DrivenClient;
  readonly protocol: Protocol;
  /** The waits that the client keeps. */
  readonly backoff: Backoff;
  /** Id of the user that the client is. */
  readonly user: string;
  /** What the client is to send with each call. */
  readonly token: string;
  /** Longest wait for one thing that is due at once. */
  readonly patienceMs: number;
  /** Multiplies limits of time. */
  readonly timeoutScale: number;

  /** Lets the client log in, opens its first Watch, and waits until it holds what the snapshot brought. */
  readonly connect: (opening?: OpeningOptions) => Promise<ServerWatch>;
  /** The first Watch that no call gave yet. */
  readonly nextWatch: (what: string, limitMs?: number) => Promise<ServerWatch>;
  /** The same, opened, and what it brought held. */
  readonly nextOpenWatch: (what: string, opening?: OpeningOptions, limitMs?: number) => Promise<ServerWatch>;
  /** Sends a status of the fence's user, and waits until the client holds it: what came before on this Watch is folded then. */
  readonly fence: (watch: ServerWatch) => Promise<ClientState>;
  /** Asks the client until what it believes fits. */
  readonly believes: (
    what: string,
    expected: string,
    fits: (state: ClientState) => boolean,
    limitMs?: number,
  ) => Promise<ClientState>;
  /** A command whose answer must be ok. */
  readonly must: (what: string, answer: Promise<Answer>) => Promise<void>;
  /** Sees to it for a while that nothing of a kind happens; `found` tells what did. */
  readonly quiet: (what: string, ms: number, found: () => string | undefined) => Promise<void>;
  /** A duration that must not be longer: where this machine was too slow to tell, the attempt decides nothing. */
  readonly atMost: (what: string, ms: number, mostMs: number) => void;
  /** Ends the check as NOT_APPLICABLE: the client has not what it looks at, and need not. */
  readonly notApplicable: (why: string) => never;
  /** Ends this attempt without a decision; it is made once more, alone. */
  readonly inconclusive: (why: string) => never;
  /** Another client with a server of its own. */
  readonly sibling: () => Promise<ClientBench>;

  readonly equal: <T>(got: T, expected: T, what: string) => void;
  readonly ok: (condition: boolean, what: string, expected: string, got: string) => void;
  /** Longest time that this process could not run, since the check began. */
  readonly lagMs: () => number;
  readonly note: (text: string) => void;
}
