// The faults that a check can make on the way of one Watch, by the relay.
import type { Link } from "../check.ts";
import { SuiteFault } from "../failure.ts";
import type { Transcript } from "../transcript/transcript.ts";
import type { Relay } from "../wire/relay.ts";

export interface LinkOptions {
  readonly relay: () => Relay | undefined;
  /** `relay: true` was asked for. */
  readonly isAsked: boolean;
  readonly clientEnds: () => void;
  readonly transcript: Transcript;
  /** The stream is over for the client; answers when the server has had time to see it. */
  readonly gone: () => Promise<void>;
}

export function createLink(options: LinkOptions): Link {
  const act = (what: string): Relay => {
    if (!options.isAsked) throw new SuiteFault("the link of a Watch needs { relay: true }");
    const relay = options.relay();
    if (relay === undefined)
      throw new SuiteFault("the Watch has not started: wait for its first event before breaking its link");
    options.transcript.add({ kind: "relay", text: what });
    return relay;
  };
  return {
    cut: async () => {
      options.clientEnds();
      act("the link is cut: both connections closed").cut();
      await options.gone();
    },
    silence: () => {
      options.clientEnds();
      act("the link is silent: nothing passes, both ends stay open").silence();
    },
    stall: () => act("the client stops reading").stall(),
    unstall: () => act("the client reads again").unstall(),
  };
}
