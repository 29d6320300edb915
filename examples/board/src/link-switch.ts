// A fetch with a switch in it: cut, every stream and call breaks as on a dead network, and new ones fail, until it is restored.

export interface LinkSwitch {
  readonly fetch: typeof globalThis.fetch;
  readonly cut: () => void;
  readonly restore: () => void;
  readonly isCut: () => boolean;
}

/** Browsers tell no more of a network that failed than a TypeError. */
function networkError(): TypeError {
  return new TypeError("the link is cut");
}

export function createLinkSwitch(connected: typeof globalThis.fetch): LinkSwitch {
  let cutting = new AbortController();
  let isCut = false;
  return {
    fetch: async (input, init) => {
      if (isCut) throw networkError();
      const own = init?.signal;
      const { signal } = cutting;
      return await connected(input, { ...init, signal: own ? AbortSignal.any([own, signal]) : signal });
    },
    cut: () => {
      isCut = true;
      cutting.abort(networkError());
    },
    restore: () => {
      isCut = false;
      cutting = new AbortController();
    },
    isCut: () => isCut,
  };
}
