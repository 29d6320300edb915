// One status told to many Watches: a slice of them in each turn of the event loop, so that one user with a million watchers does not stop the process.
// Implements SPEC §11.2 (watch-conflates), and with `telling` and `told` what §11.3 (cursor-safe) and §12 (sync-fence) ask of it.
import type { StatusNews, Visibility, Watch } from "./watch.ts";

export interface Passes {
  /**
   * Hands the news to every Watch that sees the target: at once if they are few, else slice by slice. While a pass over a target's watchers
   * goes on, the newest news waits for its end, and takes the place of any that waited: each Watch gets the last value, and no pass starves.
   */
  readonly tell: (key: string, watchers: ReadonlyMap<Watch, Visibility>, news: StatusNews) => void;
  /** The target is gone: nothing older may be told of him any more. */
  readonly drop: (key: string) => void;
  /** Nothing that is on its way may be told any more. */
  readonly clear: () => void;
  /** Whether news of a target that this Watch shows may not have come to it yet. */
  readonly telling: (watch: Watch) => boolean;
  /** Answers when everything that was to be told to this Watch by now has been. */
  readonly told: (watch: Watch) => Promise<void>;
}

/** Watches told between two looks at everything else: well under a millisecond's work. */
const sliceMax = 2048;

interface Pass {
  readonly target: string;
  readonly appId: string;
  news: StatusNews;
  left: Iterator<[Watch, Visibility]>;
  /** The index may have made a new map meanwhile. */
  next: { readonly news: StatusNews; readonly watchers: ReadonlyMap<Watch, Visibility> } | undefined;
  dropped: boolean;
  /** Who waits for the end of so many passes over this target. */
  waiting: { passes: number; readonly resolve: () => void }[];
}

/** `defer` runs something when what is due now has run: `setImmediate`. */
export function createPasses(defer: (run: () => void) => void, slice: number = sliceMax): Passes {
  const passes = new Map<string, Pass>();

  const turn = (key: string, pass: Pass): void => {
    if (pass.dropped) return;
    for (let count = 0; count < slice; count++) {
      // A map's iterator goes through what is added meanwhile, and leaves out what is taken away.
      const { done, value } = pass.left.next();
      if (done) {
        passOver(key, pass);
        return;
      }
      hand(value[0], value[1], pass.news);
    }
    defer(() => turn(key, pass));
  };
  const passOver = (key: string, pass: Pass): void => {
    pass.waiting = released(pass.waiting);
    if (pass.next === undefined) {
      passes.delete(key);
      return;
    }
    pass.news = pass.next.news;
    pass.left = pass.next.watchers.entries();
    pass.next = undefined;
    defer(() => turn(key, pass));
  };
  const drop = (key: string): void => {
    const pass = passes.get(key);
    if (!pass) return;
    pass.dropped = true;
    passes.delete(key);
    for (const { resolve } of pass.waiting) resolve();
  };
  /** Passes of targets that this Watch shows. */
  const concerning = function* (watch: Watch): Generator<Pass> {
    for (const pass of passes.values()) if (pass.appId === watch.appId && watch.visible.has(pass.target)) yield pass;
  };

  return {
    tell: (key, watchers, news) => {
      const running = passes.get(key);
      if (running) {
        running.next = { news, watchers };
        return;
      }
      if (watchers.size <= slice) {
        // Without an array for each entry, as an iterator makes.
        watchers.forEach((seen, watch) => {
          hand(watch, seen, news);
        });
        return;
      }
      const [first] = watchers.keys();
      if (!first) return;
      const pass: Pass = {
        target: news.event.value.userId,
        appId: first.appId,
        news,
        left: watchers.entries(),
        next: undefined,
        dropped: false,
        waiting: [],
      };
      passes.set(key, pass);
      turn(key, pass);
    },
    drop,
    clear: () => {
      for (const key of [...passes.keys()]) drop(key);
    },
    telling: (watch) => passes.size > 0 && !concerning(watch).next().done,
    told: async (watch) => {
      if (passes.size === 0) return;
      const waits = [...concerning(watch)].map(
        (pass) =>
          new Promise<void>((resolve) => {
            pass.waiting.push({ passes: pass.next === undefined ? 1 : 2, resolve });
          }),
      );
      await Promise.all(waits);
    },
  };
}

function hand(watch: Watch, seen: Visibility, news: StatusNews): void {
  seen.gone = false;
  watch.putNews(news, seen);
}

/** Lets those go who waited for this pass alone. */
function released(waiting: Pass["waiting"]): Pass["waiting"] {
  const rest: Pass["waiting"] = [];
  for (const entry of waiting) {
    if (--entry.passes === 0) entry.resolve();
    else rest.push(entry);
  }
  return rest;
}
