// What a node knows of each app: switches, epoch, eras, the test clock. Every reading of a record brings the app's state along, so a node that missed a message
// learns of it with its next call.
import { initialFeatures, sameFeatures } from "../features.ts";
import type { Features, StoreListener } from "../store.ts";
import { pendingSeq } from "./codec.ts";
import type { RedisLink } from "./link.ts";

export interface AppState {
  readonly epoch: string;
  /** Change number of the epoch; absent: the first one. */
  readonly epochSeq?: number;
  readonly features: Features;
  readonly featuresSeq: number;
  readonly rowsEra: number;
  /** The test clock, once it was moved; null: wall time. */
  readonly stoppedAtMs: number | null;
  /** Rises with each change. */
  readonly number: number;
}

export interface Apps {
  /** Takes a reading; tells what is new. Makes the app where there is none. */
  seen(appId: string, text: string): Promise<AppState>;
  /** Reads anew. */
  fresh(appId: string): Promise<AppState>;
  /** A message; tells what is new. */
  heard(appId: string, text: string): void;
  /** As last known; undefined: never read. */
  known(appId: string): AppState | undefined;
  nowMs(appId: string): number;
  /** Where the app's clock stands; undefined: it is that of Redis. */
  stoppedMs(appId: string): number | undefined;
  change(appId: string, change: (state: AppState) => Partial<AppState> | undefined): Promise<AppState>;
  /** The connection is lost: an epoch that stands when it is back, and stood before, was not made because of what is lost meanwhile. */
  interrupted(): void;
  /** Whether a state that this node knows of is not there; answers the highest change number of those it knew. */
  lost(): Promise<number | undefined>;
  /** The clock of Redis went back: cursors of the epochs that are known mean nothing from then on. */
  clockBack(): void;
  /** Gives apps new epochs, unless another node has: all, if changes were lost that had numbers up to this one; and those whose cursors mean nothing. */
  renew(lostSeq: number | undefined, since: number): Promise<void>;
  /** How often a connection was lost: what is found out is of what was known at this count. */
  readonly interruptions: number;
  readonly size: number;
}

export interface AppsOptions {
  readonly link: RedisLink;
  readonly newEpoch: () => string;
  /** Without one a clock that was moved goes on from where it stands. */
  readonly testClock: boolean;
  readonly listener: () => StoreListener | undefined;
  /** Told before the listener. */
  readonly onEpoch: (appId: string) => void;
}

const triesMax = 50;

interface Known {
  readonly text: string;
  readonly state: AppState;
  /** Its cursors mean nothing any more. */
  isVoid: boolean;
  /** Epochs as they were when a connection was lost, until it has been looked what was lost. */
  readonly suspects: Set<string>;
}

export function createApps({ link, newEpoch, testClock, listener, onEpoch }: AppsOptions): Apps {
  const apps = new Map<string, Known>();
  let interruptions = 0;

  const take = (appId: string, text: string): AppState => {
    const known = apps.get(appId);
    if (known?.text === text) return known.state;
    const state = JSON.parse(text) as AppState;
    // Readings overtake one another.
    if (known !== undefined && !isNewer(state, known.state)) return known.state;
    const isSame = known?.state.epoch === state.epoch;
    const isVoid = isSame && known?.isVoid === true;
    apps.set(appId, { text, state, isVoid, suspects: known?.suspects ?? new Set() });
    if (known === undefined) return state;
    const { features } = known.state;
    if (!sameFeatures(features, state.features)) listener()?.featuresChanged(appId, features, state.features);
    if (!isSame) {
      onEpoch(appId);
      listener()?.epochChanged(appId, state.epoch);
    }
    return state;
  };
  const make = async (appId: string): Promise<AppState> => {
    const first: AppState = {
      epoch: newEpoch(),
      features: initialFeatures,
      featuresSeq: 0,
      rowsEra: 0,
      stoppedAtMs: null,
      number: 1,
    };
    const text = await link.casApp(appId, "", JSON.stringify(first), 0);
    return text === undefined ? await self.fresh(appId) : take(appId, text);
  };

  const self: Apps = {
    get size() {
      return apps.size;
    },
    get interruptions() {
      return interruptions;
    },
    known: (appId) => apps.get(appId)?.state,
    seen: async (appId, text) => (text === "" ? await make(appId) : take(appId, text)),
    fresh: async (appId) => await self.seen(appId, (await link.load(appId, [])).app),
    heard: (appId, text) => void take(appId, text),
    stoppedMs: (appId) => ((apps.get(appId)?.state.stoppedAtMs ?? null) === null ? undefined : self.nowMs(appId)),
    nowMs: (appId) => {
      const stoppedAtMs = apps.get(appId)?.state.stoppedAtMs ?? null;
      const wallMs = Math.floor(link.now());
      if (stoppedAtMs === null) return wallMs;
      return testClock ? stoppedAtMs : Math.max(stoppedAtMs, wallMs);
    },
    interrupted: () => {
      interruptions++;
      for (const { suspects, state } of apps.values()) suspects.add(state.epoch);
    },
    lost: async () => {
      const looks = [...apps].map(async ([appId, known]) => {
        const { state } = known;
        const { app: text } = await link.load(appId, []);
        if (text === known.text) return false;
        return text === "" || (JSON.parse(text) as AppState).number <= state.number;
      });
      if (!(await Promise.all(looks)).includes(true)) return undefined;
      return Math.max(...[...apps.values()].map(({ state }) => Math.max(state.featuresSeq, state.epochSeq ?? 0)));
    },
    clockBack: () => {
      for (const app of apps.values()) app.isVoid = true;
    },
    renew: async (lostSeq, since) => {
      for (const appId of apps.keys()) {
        for (let tries = 0; tries < triesMax; tries++) {
          const { app: text } = await link.load(appId, []);
          const { state: before, isVoid, suspects } = apps.get(appId) as Known;
          const stands = text === "" ? before : (JSON.parse(text) as AppState);
          const isOlder = text === "" || suspects.has(stands.epoch) || (stands.epochSeq ?? 0) <= (lostSeq ?? 0);
          if (!(lostSeq !== undefined && isOlder) && !(isVoid && stands.epoch === before.epoch)) {
            if (text !== "") take(appId, text);
            break;
          }
          // Its number is above those that nodes have seen, or they would hold on to what was lost.
          const number = Math.max(before.number, stands.number) + 1;
          const next: AppState = { ...stands, epoch: newEpoch(), epochSeq: pendingSeq, number };
          const above = Math.max(lostSeq ?? 0, before.epochSeq ?? 0, stands.epochSeq ?? 0);
          const told = await link.casApp(appId, text, JSON.stringify(next), above);
          if (told === undefined) continue;
          take(appId, told);
          break;
        }
      }
      // What was lost since is looked for the next time.
      if (interruptions === since) for (const { suspects } of apps.values()) suspects.clear();
    },
    change: async (appId, change) => {
      for (let tries = 0; tries < triesMax; tries++) {
        await self.fresh(appId);
        const { text, state } = apps.get(appId) as Known;
        const changed = change(state);
        if (changed === undefined) return state;
        const next: AppState = { ...state, ...changed, number: state.number + 1 };
        const told = await link.casApp(
          appId,
          text,
          JSON.stringify(next),
          Math.max(state.featuresSeq, state.epochSeq ?? 0),
        );
        if (told !== undefined) return take(appId, told);
      }
      throw new Error(`the state of the app ${appId} changes all the time`);
    },
  };
  return self;
}

/** A younger epoch wins, whatever the numbers: after a loss two states may have the same. */
function isNewer(one: AppState, other: AppState): boolean {
  const [seq, otherSeq] = [one.epochSeq ?? 0, other.epochSeq ?? 0];
  return seq === otherSeq ? one.number > other.number : seq > otherSeq;
}
